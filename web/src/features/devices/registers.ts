import type { RegisterLatest } from '../../api/types.ts';
import { is_message_key, type Translate } from '../../i18n/index.tsx';

export const group_names = [
  'energy',
  'energy_reactive',
  'energy_apparent',
  'voltage',
  'current',
  'power',
  'power_factor',
  'heat',
  'volume',
  'pressure',
  'equipment',
  'network',
  'clock',
  'status',
  'events',
  'settings',
  'other',
] as const;
export type GroupName = (typeof group_names)[number];

/** Which plate of the device page a register belongs on; by its product-wide name, so also for models yet to come. */
export function group_of(register: string): GroupName {
  if (/^event_|^loss_of_|^(under|over)_(voltage|current|demand)_|^phase_break_|^reverse_flow_|^overload_/.test(register))
    return 'events';
  if (/^(voltage|current)_(sequence|unbalance)_/.test(register)) return 'events';
  if (/^interface_|^uptime$|^round_trip$|^processor_load$/.test(register)) return 'network';
  if (
    /^settlement_(day|hour)|^reading_day$|^demand_(period|slide)$|^display_|^load_record_|_limit_|_constant$|^tariff_count$|^unit_address$|^line_.*_code$/.test(
      register,
    )
  )
    return 'settings';
  if (/^energy_(heat|cooling)|temperature|heat_power|power_heat/.test(register)) return 'heat';
  if (/volume|flow/.test(register)) return 'volume';
  if (register.includes('pressure')) return 'pressure';
  if (/_running$|_open$|^valve_|^pump_|^flood$|^mains_/.test(register)) return 'equipment';
  if (register.startsWith('energy_reactive')) return 'energy_reactive';
  if (register.startsWith('energy_apparent')) return 'energy_apparent';
  if (register.startsWith('energy_')) return 'energy';
  if (register.startsWith('voltage_')) return 'voltage';
  if (register.startsWith('current_')) return 'current';
  if (register.startsWith('power_factor_') || register === 'frequency') return 'power_factor';
  if (register.startsWith('power_')) return 'power';
  if (register === 'clock' || register.startsWith('clock_')) return 'clock';
  if (register.startsWith('status_') || register === 'fault_bits') return 'status';
  return 'other';
}

const order = ['import', 'export', 'active_total', 'reactive', 'total', 'frequency'];

function place(register: string): number {
  // Phases behind everything that is of all of them, active before reactive power.
  if (/_[abc]$/.test(register)) return order.length + 1 + (register.includes('reactive') ? 1 : 0);
  const found = order.findIndex((part) => register.includes(part));
  return found < 0 ? order.length : found;
}

export interface RegisterGroup {
  name: GroupName;
  registers: RegisterLatest[];
}

/** Behind a fold of its plate: there are many of them. */
export function is_by_tariff(register: string): boolean {
  return register.includes('_tariff_');
}

/** The groups that have registers, in reading order: totals before phases, phases A, B, C. */
export function grouped_registers(registers: readonly RegisterLatest[]): RegisterGroup[] {
  return group_names
    .map((name) => ({
      name,
      registers: registers
        .filter(({ register }) => group_of(register) === name)
        .sort((a, b) => place(a.register) - place(b.register) || a.register.localeCompare(b.register)),
    }))
    .filter(({ registers: own }) => own.length > 0);
}

/** The register's name in the user's language; its own name, made readable, when it is not known here. */
export function register_label(register: string, t: Translate): string {
  const key = `register.${register}`;
  if (is_message_key(key)) return t(key as 'register.frequency');
  // One text for all phases, or for all numbers.
  const phase = /_([abc])(?=_|$)/.exec(register)?.[1]?.toUpperCase();
  const of_phase = `register.${register.replace(/_[abc](?=_|$)/, '_phase')}`;
  if (phase && is_message_key(of_phase)) return t(of_phase as 'register.power_reactive_phase', { phase });
  const [n, m] = [...register.matchAll(/_(\d+)(?=_|$)/g)].map(([, digits]) => digits);
  const first = `register.${register.replace(/_\d+(?=_|$)/, '_n')}`;
  if (n && is_message_key(first)) return t(first as 'register.sensor_n', { n });
  const both = first.replace(/_\d+(?=_|$)/, '_m');
  if (n && m && is_message_key(both)) return t(both as 'register.energy_reactive_quadrant_n_tariff_m', { n, m });
  return register.replaceAll('_', ' ');
}

/** Registers a curve can be drawn of. */
export function drawable(registers: readonly RegisterLatest[]): RegisterLatest[] {
  return registers.filter(({ kind }) => kind === 'decimal' || kind === 'ieee_bits');
}

/** The register to draw first: the one wished for, else the total power, else the total energy, else the first. */
export function chosen_register(registers: readonly RegisterLatest[], wished: string | null): RegisterLatest | undefined {
  const named = (name: string | null) => registers.find(({ register }) => register === name);
  return named(wished) ?? named('power_active_total') ?? named('energy_active_import_total') ?? registers[0];
}
