import type { Language } from '../i18n/index.tsx';

const steps = [
  { unit: 'second', size_ms: 1_000, until_ms: 90_000 },
  { unit: 'minute', size_ms: 60_000, until_ms: 90 * 60_000 },
  { unit: 'hour', size_ms: 3_600_000, until_ms: 36 * 3_600_000 },
  { unit: 'day', size_ms: 86_400_000, until_ms: Number.POSITIVE_INFINITY },
] as const;

// To make one costs more than to use it a hundred times, and every age on a page asks each second.
const formats = new Map<string, Intl.NumberFormat>();

function unit_format(language: Language, unit: string, display: 'short' | 'narrow'): Intl.NumberFormat {
  const key = `${language} ${unit} ${display}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: display });
    formats.set(key, format);
  }
  return format;
}

/** A length of time in one unit, e.g. "42 seconds" or "3 天"; whole units, rounded down. */
export function duration_text(duration_ms: number, language: Language, display: 'short' | 'narrow' = 'short'): string {
  const length = Math.max(0, duration_ms);
  const step = steps.find(({ until_ms }) => length < until_ms) ?? steps[3];
  return unit_format(language, step.unit, display).format(Math.floor(length / step.size_ms));
}
