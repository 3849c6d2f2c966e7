import { describe, expect, it } from 'vitest';
import { analyser_path, linked_frame } from './link.ts';
import { file_text, text_bytes } from './pasted_text.ts';

describe('links to the analyser', () => {
  it('carry a frame in the fragment and back', () => {
    const frame = { hex: '68AA16', protocol: 'dlt645', is_apdu: false };
    expect(analyser_path(frame)).toBe('/analyser#hex=68AA16&protocol=dlt645');
    expect(linked_frame('#hex=68aa16&protocol=dlt645')).toEqual(frame);
    const apdu = { hex: '0501', protocol: 'dlt698', is_apdu: true };
    expect(linked_frame(analyser_path(apdu).split('/analyser')[1] ?? '')).toEqual(apdu);
  });

  it('are nothing without whole octets', () => {
    for (const fragment of ['', '#', '#hex=', '#hex=681', '#hex=68+16', '#protocol=dlt645', '#hex=zz']) {
      expect(linked_frame(fragment), fragment).toBeNull();
    }
    expect(linked_frame('#hex=68')?.protocol).toBe('auto');
  });
});

describe('pasted text', () => {
  it('is counted as the platform counts', () => {
    expect(text_bytes('68')).toBe(2);
    expect(text_bytes('发送')).toBe(6);
  });

  it('comes out of files in either encoding', () => {
    expect(file_text(new TextEncoder().encode('发送 68\r\n'))).toBe('发送 68\r\n');
    expect(file_text(Uint8Array.from([0xb7, 0xa2, 0xcb, 0xcd, 0x20, 0x36, 0x38]))).toBe('发送 68');
  });

  it('is hexadecimal when the file is a recording', () => {
    expect(file_text(Uint8Array.from([0x68, 0x00, 0x01, 0x16]))).toBe('68 00 01 16');
    expect(file_text(new Uint8Array(33)).split('\n')).toEqual([Array(32).fill('00').join(' '), '00']);
  });
});
