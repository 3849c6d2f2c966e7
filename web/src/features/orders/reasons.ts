import type { Translate } from '../../i18n/index.tsx';

/** Why somebody's supply is closed at once, e.g. by GB/T on household gas meters: leak alarm, fire, theft, arrears. */
const emergencies = ['leak', 'fire', 'theft', 'arrears'] as const;
const again = ['mended', 'paid'] as const;

/** What is usually the reason for a command; empty when there is nothing usual. */
export function usual_reasons(command: string | undefined, t: Translate): string[] {
  if (command === 'valve_close') return emergencies.map((one) => t(`usual_reason.${one}`));
  if (command === 'valve_permit_open') return again.map((one) => t(`usual_reason.${one}`));
  return [];
}
