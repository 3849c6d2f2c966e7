import type { ExplainedOctets, FrameField } from '../src/api/types.ts';
import type { DemoRegister } from './registers.ts';

/** DL/T 645-2007 adds 33H to each octet of the data field. */
const data_offset = 0x33;

function hex_octets(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

export function bcd_low_first(value: number, octets: number): number[] {
  return hex_octets(
    String(value)
      .padStart(octets * 2, '0')
      .slice(-octets * 2),
  ).reverse();
}

function to_hex(octets: readonly number[]): string {
  return octets
    .map((octet) => octet.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
}

const shown = (octets: readonly number[]) => to_hex(octets).replace(/..(?=.)/g, '$& ');

interface Part {
  key: string;
  octets: number[];
  label: [zh: string, en: string];
  meaning: [zh: string, en: string];
  clause: string;
}

function explained(parts: readonly Part[]): ExplainedOctets {
  let offset = 0;
  const fields: FrameField[] = parts.map(({ key, octets, label, meaning, clause }) => {
    const field = {
      offset,
      size: octets.length,
      depth: 0,
      key,
      label_zh: label[0],
      label_en: label[1],
      meaning_zh: meaning[0],
      meaning_en: meaning[1],
      clause: `DL/T 645-2007, ${clause}`,
    };
    offset += octets.length;
    return field;
  });
  return { hex: to_hex(parts.flatMap(({ octets }) => octets)), error: null, fields };
}

function head(address: string, control: Part, length: number): Part[] {
  return [
    {
      key: 'preamble',
      octets: [0xfe, 0xfe, 0xfe, 0xfe],
      label: ['前导字节', 'Preamble'],
      meaning: ['唤醒接收方', 'wakes the receiver'],
      clause: '5.3',
    },
    { key: 'start', octets: [0x68], label: ['帧起始符', 'Start'], meaning: ['一帧的开始', 'a frame begins'], clause: '5.2.1' },
    {
      key: 'address',
      octets: hex_octets(address).reverse(),
      label: ['地址域', 'Address'],
      meaning: [`表地址 ${address},低位在前`, `meter ${address}, low octet first`],
      clause: '5.2.2',
    },
    {
      key: 'second_start',
      octets: [0x68],
      label: ['第二起始符', 'Second start'],
      meaning: ['地址域结束', 'the address ends'],
      clause: '5.2.1',
    },
    control,
    {
      key: 'length',
      octets: [length],
      label: ['数据域长度', 'Length'],
      meaning: [`数据域 ${length} 字节`, `${length} octets of data`],
      clause: '5.2.4',
    },
  ];
}

function identifier(register: DemoRegister): Part {
  const octets = hex_octets(register.di).reverse();
  return {
    key: 'identifier',
    octets: octets.map((octet) => (octet + data_offset) & 0xff),
    label: ['数据标识', 'Identifier'],
    meaning: [
      `${register.di.replace(/..(?=.)/g, '$& ')}:${register.label_zh}`,
      `${register.di.replace(/..(?=.)/g, '$& ')}: ${register.label_en}`,
    ],
    clause: 'Annex A',
  };
}

function closed(parts: Part[]): ExplainedOctets {
  const octets = parts.flatMap((part) => part.octets);
  const first = octets.indexOf(0x68);
  const sum = octets.slice(first).reduce((total, octet) => (total + octet) & 0xff, 0);
  return explained([
    ...parts,
    {
      key: 'checksum',
      octets: [sum],
      label: ['校验码', 'Checksum'],
      meaning: ['各字节之和,与计算值一致', 'sum of all octets, as computed'],
      clause: '5.2.6',
    },
    { key: 'end', octets: [0x16], label: ['结束符', 'End'], meaning: ['一帧的结束', 'the frame ends'], clause: '5.2.7' },
  ]);
}

/** The question for one register. */
export function request_frame(address: string, register: DemoRegister): ExplainedOctets {
  const control: Part = {
    key: 'control',
    octets: [0x11],
    label: ['控制码', 'Control'],
    meaning: ['主站读数据', 'the master reads data'],
    clause: '5.2.3',
  };
  return closed([...head(address, control, 4), identifier(register)]);
}

/** The meter's answer with that content. */
export function response_frame(address: string, register: DemoRegister, content: number, text: string): ExplainedOctets {
  const plain = register.kind === 'bit_set' ? [content & 0xff, content >> 8] : bcd_low_first(content, register.octets);
  const control: Part = {
    key: 'control',
    octets: [0x91],
    label: ['控制码', 'Control'],
    meaning: ['从站正常应答读数据,无后续帧', 'the meter answers a read, nothing follows'],
    clause: '5.2.3',
  };
  const value: Part = {
    key: 'value',
    octets: plain.map((octet) => (octet + data_offset) & 0xff),
    label: ['数据', 'Value'],
    meaning: [
      `减 33H 得 ${shown(plain)},即 ${text} ${register.unit}`,
      `less 33H: ${shown(plain)}, that is ${text} ${register.unit}`,
    ],
    clause: '5.2.5, Annex A',
  };
  return closed([...head(address, control, 4 + plain.length), identifier(register), value]);
}
