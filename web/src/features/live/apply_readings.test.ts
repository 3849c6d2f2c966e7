import { QueryClient } from '@tanstack/react-query';
import { describe, expect, it, vi } from 'vitest';
import type { DeviceDetail, DevicePage, LiveReading } from '../../api/types.ts';
import { apply_readings, with_readings } from './apply_readings.ts';

const time = (second: number) => `2026-11-21T00:00:${String(second).padStart(2, '0')}.000Z`;
const reading = (second: number, value: string) => ({
  time: time(second),
  received_at: time(second),
  value,
  quality: 'good',
  time_source: 'gateway' as const,
  frame: String(second),
});
const live = (device_id: number, series_id: number, second: number, value: string): LiveReading => ({
  device_id,
  series_id,
  register: 'voltage_a',
  reading: reading(second, value),
});
const device: DeviceDetail = {
  id: 7,
  uid: 'dlt645:1',
  name: 'a',
  address: '1',
  protocol: 'dlt645-2007',
  model: 'm',
  state: 'late',
  last_reading_at: time(10),
  site: null,
  organisation: { id: 1, name: 'o' },
  gateway: null,
  interval_s: 15,
  time_zone: 'UTC',
  server_time: time(11),
  registers: [{ series_id: 70, register: 'voltage_a', unit: 'V', exponent: -1, kind: 'decimal', latest: reading(10, '230.0') }],
};

describe('with_readings', () => {
  it('takes the newest and makes the device heard', () => {
    const next = with_readings(device, [live(7, 70, 30, '231.0'), live(7, 70, 20, '232.0')]);
    expect(next.registers[0]?.latest?.value).toBe('231.0');
    expect(next.last_reading_at).toBe(time(30));
    expect(next.state).toBe('online');
  });

  it('lets no older value replace a newer one', () => {
    const next = with_readings(device, [live(7, 70, 5, '1.0')]);
    expect(next.registers[0]?.latest?.value).toBe('230.0');
    expect(next.last_reading_at).toBe(time(10));
  });
});

describe('apply_readings', () => {
  it('moves the device and every list that shows it, and nothing else', () => {
    const client = new QueryClient();
    const page: DevicePage = { devices: [device, { ...device, id: 8 }], total: 2, page: 1, page_size: 50, server_time: time(11) };
    const other: DevicePage = { ...page, devices: [{ ...device, id: 9 }] };
    client.setQueryData(['device', 7], device);
    client.setQueryData(['devices', { page: 1 }], page);
    client.setQueryData(['devices', { page: 2 }], other);
    apply_readings(client, [live(7, 70, 40, '229.0'), live(99, 990, 40, '1')]);
    expect(client.getQueryData<DeviceDetail>(['device', 7])?.registers[0]?.latest?.value).toBe('229.0');
    expect(client.getQueryData<DevicePage>(['devices', { page: 1 }])?.devices.map(({ state }) => state)).toEqual([
      'online',
      'late',
    ]);
    expect(client.getQueryData(['devices', { page: 2 }])).toBe(other);
    expect(client.getQueryData(['device', 99])).toBeUndefined();
  });

  it('asks again for a device that has a register not known before', () => {
    const client = new QueryClient();
    client.setQueryData(['device', 7], device);
    const invalidate = vi.spyOn(client, 'invalidateQueries');
    apply_readings(client, [live(7, 70, 40, '1')]);
    expect(invalidate).not.toHaveBeenCalled();
    apply_readings(client, [live(7, 71, 40, '1')]);
    expect(invalidate).toHaveBeenCalledWith({ queryKey: ['device', 7] });
  });
});
