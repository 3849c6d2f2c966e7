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

/** A field with parts is followed by them, each one level deeper. */
function has_parts(fields: readonly FrameField[], index: number): boolean {
  return (fields[index + 1]?.depth ?? 0) > (fields[index]?.depth ?? 0);
}

/**
 * Every octet with the field it belongs to: the deepest one, as fields are a tree. Fields that overlap or overrun are cut: the
 * first that claims an octet keeps it.
 */
export function octets_of({ hex, fields }: Pick<ExplainedOctets, 'hex' | 'fields'>): Octet[] {
  const values = split_hex(hex);
  const owner = new Array<number>(values.length).fill(-1);
  fields.forEach((field, index) => {
    if (has_parts(fields, index)) return;
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
  return cut_octets(hex.slice(field.offset * 2, (field.offset + field.size) * 2), octets_max);
}

/** Octets with blanks; many are cut in the middle. */
export function cut_octets(hex: string, octets_max = 12): string {
  const values = split_hex(hex);
  if (values.length <= octets_max) return values.join(' ');
  return `${values.slice(0, octets_max - 3).join(' ')} … ${values.slice(-2).join(' ')}`;
}

/** Whether an octet is one of a field's. */
export function holds(field: FrameField | undefined, offset: number): boolean {
  return field !== undefined && offset >= field.offset && offset < field.offset + field.size;
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
