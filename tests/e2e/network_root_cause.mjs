// A switch is taken down while everything runs; see README.md. usage: network_root_cause.mjs path/to/duheng
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../../web/e2e/api_client.mjs';
import { Demo, expect, run_test } from './demo.mjs';

const [duheng] = process.argv.slice(2);
const switch_uid = 'snmp-switch-0';
const minute = 60_000;
const silent_limit = 9 * minute; // a device counts as silent after five minutes
const demo = new Demo('network_root_cause');
let api;

const alarms = async (query) => (await api.get(`/api/v1/alarms?page_size=200&${query}`)).alarms;
const state_of = async ({ id }) => (await api.get(`/api/v1/equipment/${id}`)).status.state;
const device_ids = (list) => list.map(({ subject }) => Number(subject.id)).sort((a, b) => a - b);

/** What is done to switches from now on: read by the fleet once a second. */
function drill(text) {
  const file = join(demo.data, 'fleet', 'drill');
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** Those of `ids` that are told as silent by an alarm of their own, beneath nothing. */
async function told_apart(ids) {
  const shown = await alarms('kind=device_silent&state=active');
  return device_ids(shown.filter(({ held_by }) => held_by === null)).filter((id) => ids.includes(id));
}

async function run() {
  demo.start(duheng, null, ['--meters', '40']);
  api = new ApiClient(await demo.access());
  await api.log_in();
  const { equipment } = await api.get('/api/v1/equipment?kind=switch');
  expect(equipment.length === 1, `the demo has ${equipment.length} switches`);
  const [one] = equipment;
  const detail = await api.get(`/api/v1/equipment/${one.id}`);
  const behind = detail.attachments.map(({ device_id }) => device_id).sort((a, b) => a - b);
  expect(behind.length >= 10, `only ${behind.length} devices hang on the switch`);
  const watcher = detail.status.checks[0].device_id;
  await demo.until('the switch is up', minute, async () => (await state_of(one)) === 'up');
  expect((await alarms('kind=equipment_down&state=all')).length === 0, 'an alarm stands before anything was done');

  const taken_down = Date.now();
  drill(`${switch_uid} off\n`);
  const cause = await demo.until(
    'the switch is an alarm',
    4 * minute,
    async () => (await alarms('kind=equipment_down&state=active'))[0],
  );
  const alarm_after_s = Math.round((Date.now() - taken_down) / 1_000);
  expect(cause.subject.id === `${one.id}` && cause.subject.name === one.name, `the alarm is about ${JSON.stringify(cause.subject)}`);
  expect((await state_of(one)) === 'down', 'the switch is not told as down');
  const all = [...behind, watcher].sort((a, b) => a - b);
  await demo.until('all that hangs on it is silent', silent_limit, async () => {
    const apart = await told_apart(all);
    expect(apart.length === 0, `devices ${apart} ring by themselves although the switch is down`);
    return (await alarms(`held_by=${cause.id}&state=active`)).length >= all.length;
  });
  const held = await alarms(`held_by=${cause.id}&state=active`);
  expect(
    held.every(({ kind }) => kind === 'device_silent'),
    'something else is shown beneath the switch',
  );
  expect(JSON.stringify(device_ids(held)) === JSON.stringify(all), `shown beneath it are ${device_ids(held)}, not ${all}`);
  const downs = await alarms('kind=equipment_down&state=all');
  expect(downs.length === 1 && downs[0].affected === all.length, `alarms of the switch: ${JSON.stringify(downs)}`);

  drill('');
  await demo.until('the switch is up again', 4 * minute, async () => (await state_of(one)) === 'up');
  await demo.until(
    'its alarm is over by itself',
    2 * minute,
    async () => (await api.get(`/api/v1/alarms/${cause.id}`)).state !== 'active',
  );
  await demo.until('nothing beneath it is wrong any more', 4 * minute, async () => {
    const apart = await told_apart(all);
    expect(apart.length === 0, `devices ${apart} ring after the switch has come back`);
    const still = device_ids(await alarms('kind=device_silent&state=active')).filter((id) => all.includes(id));
    return still.length === 0 && (await alarms(`held_by=${cause.id}&state=active`)).length === 0;
  });
  console.log(`switch down: one alarm after ${alarm_after_s} s, ${all.length} silent devices beneath it, all over by themselves`);
}

await run_test(demo, run, () => api?.close());
