import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Curve, CurvePoint, RegisterLatest } from '../../api/types.ts';
import { translator } from '../../i18n/index.tsx';
import { argument_label, argument_text } from '../orders/argument_words.ts';
import { percent_text } from './completeness_panel.tsx';
import { extremes, nearest, nearest_point, past_calibration, stretches } from './curve_model.ts';
import { bucket_count, read_history_state } from './history_state.ts';
import { change_list_state, page_numbers, read_list_state, sort_direction, toggled_sort } from './list_state.ts';
import { chosen_register, group_of, grouped_registers, register_label } from './registers.ts';

describe('list state', () => {
  it('reads what is sound and ignores nonsense', () => {
    const nonsense = new URLSearchParams('page=-3&page_size=9999&state=broken&sort=colour&site_id=x&search=');
    expect(read_list_state(nonsense)).toEqual({ page: 1, page_size: 50, sort: 'name' });
    const sound = new URLSearchParams('page=3&page_size=100&state=late&sort=-last_reading&site_id=4&gateway_id=2&search=a b');
    expect(read_list_state(sound)).toEqual({
      page: 3,
      page_size: 100,
      state: 'late',
      sort: '-last_reading',
      site_id: 4,
      gateway_id: 2,
      search: 'a b',
    });
  });

  it('goes back to the first page on every change but turning it, and leaves defaults out', () => {
    const before = new URLSearchParams('page=4&state=late');
    expect(change_list_state(before, { search: 'x' }).toString()).toBe('state=late&search=x');
    expect(change_list_state(before, { page: 5 }).toString()).toBe('page=5&state=late');
    expect(change_list_state(before, { page: 1, state: undefined, sort: 'name', page_size: 50 }).toString()).toBe('');
  });

  it('turns the sort round', () => {
    expect(toggled_sort('name', 'name')).toBe('-name');
    expect(toggled_sort('name', '-name')).toBe('name');
    expect(toggled_sort('address', 'name')).toBe('address');
    expect([sort_direction('name', 'name'), sort_direction('name', '-name'), sort_direction('name', 'address')]).toEqual([
      'ascending',
      'descending',
      'none',
    ]);
  });
});

const register = (name: string): RegisterLatest => ({
  series_id: name.length,
  register: name,
  unit: '',
  exponent: 0,
  kind: 'decimal',
  latest: null,
});

describe('registers', () => {
  it('are put on plates, totals before phases', () => {
    const groups = grouped_registers(
      ['power_active_b', 'power_active_a', 'power_active_total', 'mystery', 'voltage_a'].map(register),
    );
    expect(groups.map(({ name }) => name)).toEqual(['voltage', 'power', 'other']);
    expect(groups[1]?.registers.map(({ register: name }) => name)).toEqual([
      'power_active_total',
      'power_active_a',
      'power_active_b',
    ]);
    expect(group_of('power_factor_a')).toBe('power_factor');
  });

  it('are chosen as wished, else by use', () => {
    const registers = ['voltage_a', 'energy_active_import_total'].map(register);
    expect(chosen_register(registers, 'voltage_a')?.register).toBe('voltage_a');
    expect(chosen_register(registers, 'gone')?.register).toBe('energy_active_import_total');
    expect(chosen_register([], null)).toBeUndefined();
  });
});

describe('history state', () => {
  it('defaults to today in the site’s zone', () => {
    const now_ms = Date.parse('2026-11-20T20:00:00Z');
    expect(read_history_state(new URLSearchParams(), now_ms, 'Asia/Shanghai')).toEqual({
      register: null,
      span: 'day',
      date: { year: 2026, month: 11, day: 21 },
    });
    expect(read_history_state(new URLSearchParams('span=eon&date=2026-02-31'), now_ms, 'UTC').date.day).toBe(20);
  });

  it('keeps the number of buckets within the platform’s limits', () => {
    expect([bucket_count(10), bucket_count(1440), bucket_count(99_999)]).toEqual([100, 750, 1000]);
  });
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 21, 0, minute)).toISOString();
const point = (minute: number, value: string): CurvePoint => ({ time: at(minute), value, frame: `f${minute}:${value}` });
const bucket = (minute: number, min = '1.0', max = '3.0') => ({
  start: at(minute),
  count: 3,
  first: point(minute, '2.0'),
  last: point(minute + 1, '2.5'),
  min: point(minute, min),
  max: point(minute, max),
});
const curve: Curve = {
  series_id: 1,
  register: 'power_active_total',
  unit: 'kW',
  exponent: -1,
  from: at(0),
  to: at(60),
  shape: 'minmax',
  bucket_ms: 120_000,
  buckets: [bucket(0), bucket(2), bucket(4, '-7.5'), bucket(20, '1.0', '10.0'), bucket(22)],
};

describe('curve', () => {
  it('breaks where readings are missing', () => {
    expect(stretches(curve, 60).map((part) => part.length)).toEqual([3, 2]);
    // With readings planned only every half hour the same hole is no gap.
    expect(stretches(curve, 1800).map((part) => part.length)).toEqual([5]);
    expect(stretches({ ...curve, buckets: [] }, 60)).toEqual([]);
    // Marked buckets side by side are one stretch; a gap in the readings or an unmarked bucket ends it.
    const marked = { ...curve, buckets: curve.buckets.map((one, index) => ({ ...one, past_calibration: index !== 1 })) };
    const times = marked.buckets.map(({ start, last }) => ({ from_ms: Date.parse(start), to_ms: Date.parse(last.time) }));
    expect(past_calibration(stretches(marked, 60))).toEqual([
      times[0],
      times[2],
      { from_ms: times[3]?.from_ms, to_ms: times[4]?.to_ms },
    ]);
    expect(past_calibration(stretches(curve, 60))).toEqual([]);
  });

  it('finds the bucket near a press and its reading nearest to the height', () => {
    const parts = stretches(curve, 60);
    const found = nearest(parts, Date.parse(at(21)), 60_000);
    expect(found?.bucket.start).toBe(at(20));
    expect(found && nearest_point(found, 9).value).toBe('10.0');
    expect(found && nearest_point(found, 2.4).value).toBe('2.5');
    expect(nearest(parts, Date.parse(at(12)), 60_000)).toBeUndefined();
  });

  it('tells its extremes exactly', () => {
    expect(extremes(curve)).toEqual({ min: '-7.5', max: '10.0' });
    expect(extremes({ ...curve, buckets: [] })).toBeNull();
  });
});

describe('completeness', () => {
  it('is 100 % only when nothing is missing', () => {
    expect(percent_text(99_999, 100_000)).toBe('99.9 %');
    expect(percent_text(5, 5)).toBe('100.0 %');
    expect(percent_text(0, 0)).toBe('–');
  });
});

describe('page_numbers', () => {
  it.each([
    [1, 1, [1]],
    [1, 20, [1, 2, null, 20]],
    [3, 20, [1, 2, 3, 4, null, 20]],
    [4, 20, [1, 2, 3, 4, 5, null, 20]],
    [10, 20, [1, null, 9, 10, 11, null, 20]],
    [18, 20, [1, null, 17, 18, 19, 20]],
    [20, 20, [1, null, 19, 20]],
    [9, 3, [1, 2, 3]],
  ])('page %i of %i', (now, last, expected) => expect(page_numbers(now, last)).toEqual(expected));
});

describe('names of registers', () => {
  const models = '../models/';
  const names = new Set(
    readdirSync(models)
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => [...readFileSync(models + file, 'utf8').matchAll(/register: *([a-z][a-z0-9_]+)/g)])
      .map(([, name = '']) => name),
  );

  it('are there in both languages for every register of every model', () => {
    expect(names.size).toBeGreaterThan(100);
    const chinese = translator('zh-CN');
    const nameless = [...names].filter((name) => !/[\u4e00-\u9fff]/.test(register_label(name, chinese)));
    expect(nameless).toEqual([]);
    expect([...names].filter((name) => register_label(name, translator('en')).includes('{'))).toEqual([]);
  });

  it('are there for every argument of every command, too', () => {
    const models = `${import.meta.dirname}/../../../../models/`;
    const given = readdirSync(models)
      .filter((file) => file.endsWith('.yaml'))
      .flatMap((file) => [...readFileSync(models + file, 'utf8').matchAll(/^ {6}- (?:\{ )?name: *([a-z_]+)/gm)])
      .map(([, name]) => name ?? '');
    expect(given).toContain('whole_line');
    const chinese = translator('zh-CN');
    expect(given.filter((name) => !/[\u4e00-\u9fff]/.test(argument_label(name, chinese)))).toEqual([]);
    expect(argument_text('whole_line', 'yes', chinese)).toBe('整条线路');
    expect(argument_text('speed', '9600', chinese)).toBe('9600 bit/s');
  });

  it('take phase and number from the register', () => {
    expect(register_label('event_loss_of_voltage_b', translator('zh-CN'))).toBe('B 相失压');
    expect(register_label('loss_of_voltage_c_energy_end', translator('en'))).toBe('Loss of voltage C: energy at its end');
    expect(register_label('energy_active_import_tariff_3', translator('zh-CN'))).toBe('正向有功费率 3');
    expect(register_label('energy_reactive_quadrant_4_tariff_2', translator('en'))).toBe('Reactive quadrant 4, tariff 2');
    expect(register_label('interface_12_state', translator('en'))).toBe('Port 12: link');
    expect(register_label('something_new', translator('en'))).toBe('something new');
    expect(group_of('event_reverse_flow_a')).toBe('events');
  });
});
