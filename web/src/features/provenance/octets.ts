import type { ExplainedOctets, FrameField } from '../../api/types.ts';

export interface Octet {
  offset: number;
  hex: string;
  /** Index of the field it belongs to; -1 when the platform explained none. */
  field: number;
  is_field_start: boolean;
  is_field_end: boolean;
}

/** Splits a hexadecimal string into octets; a half octet at the end is dropped. */
export function split_hex(hex: string): string[] {
  return hex.match(/[0-9A-Fa-f]{2}/g) ?? [];
}

/** Every octet with the field it belongs to. Fields that overlap or overrun are cut: the first that claims an octet keeps it. */
export function octets_of({ hex, fields }: Pick<ExplainedOctets, 'hex' | 'fields'>): Octet[] {
  const values = split_hex(hex);
  const owner = new Array<number>(values.length).fill(-1);
  fields.forEach((field, index) => {
    for (let at = Math.max(0, field.offset); at < Math.min(values.length, field.offset + field.size); at += 1) {
      if (owner[at] === -1) owner[at] = index;
    }
  });
  return values.map((value, offset) => ({
    offset,
    hex: value.toUpperCase(),
    field: owner[offset] ?? -1,
    is_field_start: offset === 0 || owner[offset - 1] !== owner[offset],
    is_field_end: offset === values.length - 1 || owner[offset + 1] !== owner[offset],
  }));
}

/** A field's octets as text, e.g. "68 11"; long ones are cut in the middle. */
export function field_octets(hex: string, field: FrameField, octets_max = 12): string {
  const values = split_hex(hex).slice(field.offset, field.offset + field.size);
  if (values.length <= octets_max) return values.join(' ');
  return `${values.slice(0, octets_max - 3).join(' ')} … ${values.slice(-2).join(' ')}`;
}

export function spaced_hex(hex: string): string {
  return split_hex(hex).join(' ').toUpperCase();
}

/** Where an arrow key leads in a grid of `columns` columns; stays at the edges. */
export function moved(offset: number, key: string, count: number, columns: number): number {
  const target =
    {
      ArrowLeft: offset - 1,
      ArrowRight: offset + 1,
      ArrowUp: offset - columns,
      ArrowDown: offset + columns,
      Home: 0,
      End: count - 1,
    }[key] ?? offset;
  return target < 0 || target >= count ? offset : target;
}
