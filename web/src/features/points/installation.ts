import type { NewPoint } from '../../api/types.ts';
import { parse_iso_date, start_of_day } from '../../format/zoned_time.ts';
import { is_number_text } from '../edits/edit_tools.ts';

export interface InstallationInput {
  device: string;
  register: string;
  ratio: string;
  digits: string;
  start: string;
}
export const no_installation: InstallationInput = {
  device: '',
  register: 'energy_active_import_total',
  ratio: '1',
  digits: '8',
  start: '',
};

/** "2026-11-21T09:30" of the zone as UTC; null when it is no time. */
export function local_time(text: string, time_zone: string): string | null {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)$/.exec(text);
  const date = parse_iso_date(found?.[1] ?? null);
  if (!found || !date) return null;
  return new Date(start_of_day(date, time_zone) + (Number(found[2]) * 60 + Number(found[3])) * 60_000).toISOString();
}

/** The inputs that are wrong. */
export function faults_of(input: InstallationInput): (keyof InstallationInput)[] {
  const is_count = (text: string, maximum: number) => /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= maximum;
  const out: (keyof InstallationInput)[] = [];
  if (!is_count(input.device, 1e15)) out.push('device');
  if (!input.register.trim()) out.push('register');
  if (!is_count(input.ratio, 1e9)) out.push('ratio');
  if (input.digits !== '' && !is_count(input.digits, 18)) out.push('digits');
  if (!is_number_text(input.start)) out.push('start');
  return out;
}

/** For the platform; only of inputs without faults. */
export function installation_of(input: InstallationInput): NonNullable<NewPoint['installation']> {
  return {
    device_id: Number(input.device),
    registers: [
      {
        name: input.register.trim(),
        ratio_numerator: Number(input.ratio),
        ratio_denominator: 1,
        start: input.start.trim(),
        ...(input.digits ? { digits: Number(input.digits) } : {}),
      },
    ],
  };
}
