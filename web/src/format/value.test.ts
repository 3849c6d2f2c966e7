import { describe, expect, it } from 'vitest';
import { duration_text } from './age.ts';
import { findings, grouped, value_text } from './value.ts';

describe('values', () => {
  it('keep every digit', () => {
    expect(grouped('123456789012345678.90')).toBe('123,456,789,012,345,678.90');
    expect(grouped('-1234.5678')).toBe('−1,234.5678');
    expect(grouped('0.00')).toBe('0.00');
    expect(grouped('999')).toBe('999');
    expect(grouped('not a number')).toBe('not a number');
  });

  it('read the clock registers, leading noughts lost', () => {
    expect(value_text('clock_date', 'event', '26112106')).toBe('2026-11-21');
    expect(value_text('clock_date', 'event', '6010203')).toBe('2006-01-02');
    expect(value_text('clock_time', 'event', '93005')).toBe('09:30:05');
    expect(value_text('clock_time', 'event', '0')).toBe('00:00:00');
    expect(value_text('clock_time', 'event', '996199')).toBe('996199');
    expect(value_text('clock_date', 'event', '26990000')).toBe('26990000');
  });

  it('show a whole clock as date and time, and what is none as it is', () => {
    expect(value_text('clock', 'event', '20261122021120')).toBe('2026-11-22 02:11:20');
    expect(value_text('clock', 'event', '20261322021120')).toBe('20261322021120');
    expect(value_text('clock', 'event', '0')).toBe('0');
  });

  it('show status words by their bits', () => {
    expect(value_text('status_word_3', 'bit_set', '64')).toBe('0040H');
    expect(value_text('status_word_3', 'bit_set', '-1')).toBe('-1');
  });

  it('name the findings', () => {
    expect(findings('good')).toEqual([]);
    expect(findings('out_of_range,decreased')).toEqual(['out_of_range', 'decreased']);
  });
});

describe('ages', () => {
  it('use one unit and never round up', () => {
    expect(duration_text(89_999, 'en')).toBe('89 sec');
    expect(duration_text(90_000, 'en')).toBe('1 min');
    expect(duration_text(36 * 3_600_000 - 1, 'en')).toBe('35 hr');
    expect(duration_text(36 * 3_600_000, 'en')).toBe('1 day');
    expect(duration_text(-5, 'zh-CN', 'narrow')).toBe('0秒');
  });
});
