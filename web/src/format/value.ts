/** Groups the whole digits of an exact decimal string by threes: "1234567.89" → "1,234,567.89". Never rounds. */
export function grouped(value: string): string {
  const match = /^([+-]?)(\d+)(\.\d+)?$/.exec(value);
  if (!match) return value;
  const [, sign = '', whole = '', fraction = ''] = match;
  return `${sign.replace('-', '−')}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction}`;
}

/** YYMMDDWW, as the clock_date register carries it (leading noughts lost), as "2026-11-21"; null when it is no such number. */
export function clock_date_text(value: string): string | null {
  if (!/^\d{1,8}$/.test(value)) return null;
  const digits = value.padStart(8, '0');
  const [year, month, day] = [digits.slice(0, 2), digits.slice(2, 4), digits.slice(4, 6)];
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31 ? `20${year}-${month}-${day}` : null;
}

/** hhmmss, as the clock_time register carries it, as "09:30:00"; null when it is no such number. */
export function clock_time_text(value: string): string | null {
  if (!/^\d{1,6}$/.test(value)) return null;
  const digits = value.padStart(6, '0');
  const [hour, minute, second] = [digits.slice(0, 2), digits.slice(2, 4), digits.slice(4, 6)];
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60 ? `${hour}:${minute}:${second}` : null;
}

/** YYYYMMDDhhmmss, as the clock register of other meters carries it, as "2026-11-21 09:30:00"; null when it is no such number. */
export function clock_text_of(value: string): string | null {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(value) ?? [];
  if (!year || Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return null;
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
    ? `${year}-${month}-${day} ${hour}:${minute}:${second}`
    : null;
}

/** A status word as four or more hexadecimal digits; null when the value is no non-negative integer. */
export function bit_set_text(value: string): string | null {
  return /^\d+$/.test(value) ? `${BigInt(value).toString(16).toUpperCase().padStart(4, '0')}H` : null;
}

/** How a register's exact value is shown. The exact string itself stays available in the frame view. */
export function value_text(register: string, kind: string, value: string): string {
  if (register === 'clock_date') return clock_date_text(value) ?? value;
  if (register === 'clock_time') return clock_time_text(value) ?? value;
  if (register === 'clock') return clock_text_of(value) ?? value;
  if (kind === 'bit_set') return bit_set_text(value) ?? value;
  return grouped(value);
}

/** The findings of a reading's quality field; none for "good". */
export function findings(quality: string): string[] {
  return quality.split(',').filter((finding) => finding !== '' && finding !== 'good');
}
