import type { LiveReading } from '../src/api/types.ts';
import { demo_reading } from './api.ts';
import { demo_registers } from './registers.ts';
import * as world from './world.ts';

/** What became durable for these devices in the seconds after `after_s` up to `now_s`. */
export function demo_live_readings(ids: readonly number[], after_s: number, now_s: number): LiveReading[] {
  return ids.flatMap((id) => {
    const device = world.devices[id - 1];
    const last = device ? world.last_reading_s(device, now_s, now_s) : null;
    if (!device || last === null || last <= after_s || world.is_missing(device, last)) return [];
    return demo_registers.map(({ name }, index) => ({
      device_id: id,
      series_id: id * 100 + index,
      register: name,
      reading: demo_reading(device, index, last),
    }));
  });
}
