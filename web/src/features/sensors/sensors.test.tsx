import { describe, expect, it } from 'vitest';
import { is_overdue } from './overdue_mark.tsx';
import { calibration_of, details_of } from './sensor_form.tsx';

describe('is_overdue', () => {
  const periods = [
    { register: 'temperature', from: '2026-01-10T00:00:00Z', to: '2026-02-01T00:00:00Z' },
    { register: '', from: '2026-03-01T00:00:00Z', to: null },
  ];
  it('goes by register and time; the end is not in it', () => {
    expect(is_overdue(periods, 'temperature', '2026-01-10T00:00:00Z')).toBe(true);
    expect(is_overdue(periods, 'temperature', '2026-01-09T23:59:59Z')).toBe(false);
    expect(is_overdue(periods, 'temperature', '2026-02-01T00:00:00Z')).toBe(false);
    expect(is_overdue(periods, 'pressure', '2026-01-15T00:00:00Z')).toBe(false);
  });
  it('holds for every register when the device as a whole is overdue', () => {
    expect(is_overdue(periods, 'pressure', '2026-03-05T00:00:00Z')).toBe(true);
  });
});

describe('what a form sends', () => {
  it('leaves out what was not given', () => {
    expect(calibration_of({ on: '', interval_days: '365', certificate: 'C' })).toBeNull();
    expect(calibration_of({ on: '2026-01-17', interval_days: '730', certificate: ' C-1 ' })).toEqual({
      on: '2026-01-17',
      interval_days: 730,
      certificate: 'C-1',
    });
    const input = {
      quantity: 'flow',
      accuracy_class: '',
      range_low: ' ',
      range_high: '1.60',
      range_unit: 'm3/h',
      protection: '',
      serial_number: 'F-1',
    };
    expect(details_of(input)).toMatchObject({ range_low: null, range_high: '1.60' });
  });
});
