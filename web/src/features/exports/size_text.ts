const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Octets for people: 1536 is "1.5 KiB". */
export function size_text(octets: number, language: string): string {
  let value = octets;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value)} ${units[unit]}`;
}
