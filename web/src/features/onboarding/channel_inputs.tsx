import type { NewChannel } from '../../api/types.ts';
import { SelectField, TextField } from '../../components/field.tsx';
import type { Refusal } from '../../components/field_refusal.ts';
import { useLanguage } from '../../i18n/index.tsx';

/** Whether a carrier or radio module stands at the channel's end, with the meters behind it. */
type Carrier = NonNullable<NewChannel['carrier']>;

/** As typed; see new_channel(). */
export interface ChannelDraft {
  name: string;
  kind: NewChannel['kind'];
  host: string;
  port: string;
  device: string;
  baud: number;
  parity: 'none' | 'even' | 'odd';
  carrier: Carrier;
  main_node: string;
}

// DL/T 645 and CJ/T 188 over a serial line: 2400 baud, 8 data bits, even parity, one stop bit.
export const empty_channel: ChannelDraft = {
  name: '',
  kind: 'tcp',
  host: '',
  port: '',
  device: '',
  baud: 2_400,
  parity: 'even',
  carrier: 'none',
  main_node: '',
};
const bauds = [300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200] as const;
const kinds = ['tcp', 'udp', 'serial'] as const;
const parities = ['none', 'even', 'odd'] as const;
const carriers = ['none', 'narrow_band', 'broadband', 'radio'] as const;

/** The channel as the platform wants it; undefined while something is missing. */
export function new_channel(draft: ChannelDraft): NewChannel | undefined {
  const name = draft.name.trim();
  if (name === '') return undefined;
  const carrier = carrier_part(draft);
  if (!carrier) return undefined;
  if (draft.kind === 'serial') {
    if (draft.device.trim() === '') return undefined;
    return {
      name,
      kind: 'serial',
      device: draft.device.trim(),
      baud: draft.baud,
      data_bits: 8,
      parity: draft.parity,
      stop_bits: 1,
      ...carrier,
    };
  }
  const port = Number(draft.port);
  if (draft.host.trim() === '' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  return { name, kind: draft.kind, host: draft.host.trim(), port, ...carrier };
}

function is_main_node(text: string): boolean {
  return /^\d{0,12}$/.test(text.trim());
}
/** Undefined when what was typed cannot be. */
function carrier_part(draft: ChannelDraft): Pick<NewChannel, 'carrier' | 'main_node'> | undefined {
  if (draft.kind === 'udp' || draft.carrier === 'none') return {};
  if (!is_main_node(draft.main_node)) return undefined;
  const main_node = draft.main_node.trim();
  return { carrier: draft.carrier, ...(main_node === '' ? {} : { main_node }) };
}

interface Props {
  draft: ChannelDraft;
  was_tried: boolean;
  refusal: Refusal | undefined;
  on_change: (part: Partial<ChannelDraft>) => void;
}

export function ChannelInputs({ draft, was_tried, refusal, on_change }: Props) {
  const { t } = useLanguage();
  const told = (field: string) =>
    refusal && [field, `new_channel.${field}`].includes(refusal.field) ? refusal.message : undefined;
  const missing = (text: string) => (was_tried && text.trim() === '' ? t('orders.missing') : undefined);
  return (
    <>
      <TextField
        label={t('onboarding.channel_name')}
        value={draft.name}
        length_max={64}
        fault={told('name') ?? missing(draft.name)}
        on_change={(name) => on_change({ name })}
      />
      <SelectField
        label={t('onboarding.channel_kind')}
        value={draft.kind}
        options={kinds.map((kind) => ({ value: kind, label: t(`channel.${kind}`) }))}
        on_change={(kind) => kind && on_change({ kind })}
      />
      {draft.kind === 'serial' ? (
        <>
          <TextField
            label={t('onboarding.serial_device')}
            value={draft.device}
            is_mono
            placeholder="/dev/ttyS1"
            fault={told('device') ?? missing(draft.device)}
            on_change={(device) => on_change({ device })}
          />
          <SelectField
            label={t('onboarding.baud')}
            value={draft.baud}
            options={bauds.map((baud) => ({ value: baud, label: String(baud) }))}
            on_change={(baud) => baud && on_change({ baud })}
          />
          <SelectField
            label={t('onboarding.parity')}
            value={draft.parity}
            options={parities.map((parity) => ({ value: parity, label: t(`channel.parity_${parity}`) }))}
            on_change={(parity) => parity && on_change({ parity })}
          />
        </>
      ) : (
        <>
          <TextField
            label={t('onboarding.host')}
            value={draft.host}
            is_mono
            placeholder="10.8.0.21"
            fault={told('host') ?? missing(draft.host)}
            on_change={(host) => on_change({ host })}
          />
          <TextField
            label={t('onboarding.port')}
            value={draft.port}
            is_number
            placeholder="10001"
            fault={told('port') ?? (was_tried && !/^\d{1,5}$/.test(draft.port) ? t('onboarding.port_fault') : undefined)}
            on_change={(port) => on_change({ port: port.trim() })}
          />
        </>
      )}
      {draft.kind === 'udp' ? null : (
        <SelectField
          label={t('onboarding.carrier')}
          value={draft.carrier}
          options={carriers.map((carrier) => ({ value: carrier, label: t(`channel.carrier_${carrier}`) }))}
          help={draft.carrier === 'none' ? undefined : t('onboarding.carrier_hint')}
          fault={told('carrier')}
          on_change={(carrier) => carrier && on_change({ carrier })}
        />
      )}
      {draft.kind === 'udp' || draft.carrier === 'none' ? null : (
        <TextField
          label={t('onboarding.main_node')}
          value={draft.main_node}
          is_mono
          length_max={12}
          placeholder={t('onboarding.main_node_own')}
          fault={told('main_node') ?? (was_tried && !is_main_node(draft.main_node) ? t('onboarding.main_node_fault') : undefined)}
          on_change={(main_node) => on_change({ main_node })}
        />
      )}
    </>
  );
}
