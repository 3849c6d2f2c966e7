import type { QueryClient } from '@tanstack/react-query';
import type { Device, DeviceDetail, DevicePage, LiveReading, Reading } from '../../api/types.ts';

function is_newer(reading: Reading, than: string | null | undefined): boolean {
  return !than || Date.parse(reading.time) >= Date.parse(than);
}

function heard<Row extends Device>(device: Row, readings: LiveReading[]): Row {
  let last = device.last_reading_at;
  for (const { reading } of readings) if (is_newer(reading, last)) last = reading.time;
  return { ...device, last_reading_at: last, state: 'online' };
}

/** The device with the newer of its and the given values. A register not yet known is left to the next fetch. */
export function with_readings(device: DeviceDetail, readings: LiveReading[]): DeviceDetail {
  const latest = new Map<number, Reading>();
  for (const { series_id, reading } of readings) {
    if (is_newer(reading, latest.get(series_id)?.time)) latest.set(series_id, reading);
  }
  const registers = device.registers.map((register) => {
    const reading = latest.get(register.series_id);
    return reading && is_newer(reading, register.latest?.time) ? { ...register, latest: reading } : register;
  });
  return { ...heard(device, readings), registers };
}

/** Brings what the socket told into the cached answers, so that every view of them moves together. */
export function apply_readings(client: QueryClient, readings: LiveReading[]): void {
  const by_device = group(readings);
  for (const [id, own] of by_device) {
    const known = client.getQueryData<DeviceDetail>(['device', id]);
    client.setQueryData<DeviceDetail>(['device', id], (device) => (device ? with_readings(device, own) : undefined));
    const has_new_register = known && own.some(({ series_id }) => !known.registers.some((one) => one.series_id === series_id));
    if (has_new_register) void client.invalidateQueries({ queryKey: ['device', id] });
  }
  client.setQueriesData<DevicePage>({ queryKey: ['devices'] }, (page) => {
    if (!page?.devices.some(({ id }) => by_device.has(id))) return page;
    return {
      ...page,
      devices: page.devices.map((device) => {
        const own = by_device.get(device.id);
        return own ? heard(device, own) : device;
      }),
    };
  });
}

function group(readings: LiveReading[]): Map<number, LiveReading[]> {
  const groups = new Map<number, LiveReading[]>();
  for (const reading of readings) {
    const own = groups.get(reading.device_id);
    if (own) own.push(reading);
    else groups.set(reading.device_id, [reading]);
  }
  return groups;
}
