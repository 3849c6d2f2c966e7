import { describe, expect, it } from 'vitest';
import type { FrameField } from '../../api/types.ts';
import { field_octets, holds, moved, octets_of, spaced_hex } from './octets.ts';

const field = (offset: number, size: number, depth = 0): FrameField => ({
  offset,
  size,
  depth,
  key: `f${offset}`,
  label_zh: '',
  label_en: '',
  meaning_zh: '',
  meaning_en: '',
});

describe('octets', () => {
  it('belong to their fields, with the fields’ edges', () => {
    const octets = octets_of({ hex: 'fe6811', fields: [field(0, 1), field(1, 2)] });
    expect(octets.map(({ hex, field: index }) => [hex, index])).toEqual([
      ['FE', 0],
      ['68', 1],
      ['11', 1],
    ]);
    expect(octets.map(({ is_field_start, is_field_end }) => [is_field_start, is_field_end])).toEqual([
      [true, true],
      [true, false],
      [false, true],
    ]);
  });

  it('belong to the deepest field of a tree', () => {
    const fields = [field(0, 1), field(1, 3), field(1, 1, 1), field(2, 2, 1), field(4, 1)];
    const octets = octets_of({ hex: '6801020316', fields });
    expect(octets.map(({ field: index }) => index)).toEqual([0, 2, 3, 3, 4]);
    expect([0, 1, 3, 4].map((offset) => holds(fields[1], offset))).toEqual([false, true, true, false]);
    expect(holds(undefined, 0)).toBe(false);
  });

  it('stand even when the explanation is short, overlaps or overruns', () => {
    const octets = octets_of({ hex: '0102030', fields: [field(0, 2), field(1, 99)] });
    expect(octets.map(({ field: index }) => index)).toEqual([0, 0, 1]);
    expect(octets_of({ hex: '0102', fields: [] }).map(({ field: index }) => index)).toEqual([-1, -1]);
    expect(octets_of({ hex: '', fields: [field(0, 1)] })).toEqual([]);
  });

  it('are written with blanks, long fields cut', () => {
    expect(spaced_hex('fe68')).toBe('FE 68');
    expect(field_octets('00112233', field(1, 2))).toBe('11 22');
    expect(field_octets('AB'.repeat(40), field(0, 40))).toBe(`${'AB '.repeat(9).trim()} … AB AB`);
  });

  it('are walked by the arrow keys, staying at the edges', () => {
    expect(moved(0, 'ArrowLeft', 20, 16)).toBe(0);
    expect(moved(3, 'ArrowDown', 20, 16)).toBe(19);
    expect(moved(4, 'ArrowDown', 20, 16)).toBe(4);
    expect(moved(19, 'ArrowUp', 20, 16)).toBe(3);
    expect(moved(5, 'End', 20, 16)).toBe(19);
    expect(moved(5, 'x', 20, 16)).toBe(5);
  });
});
