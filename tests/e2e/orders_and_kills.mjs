// Orders while programs are killed; see README.md. usage: orders_and_kills.mjs path/to/duheng [KILLS] [SEED]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient, Refused } from '../../web/e2e/api_client.mjs';
import { Demo, expect, pause, run_test } from './demo.mjs';

const [duheng, kills = '60', seed = '1'] = process.argv.slice(2);
const order_seconds = Math.ceil(Number(kills) * 2) + 30;
const settle_seconds = 150;
const meters = 40;
const meters_with_orders = 12;
const meter_password = '123456';
const relay_function = 0x1c;
const demo = new Demo('orders_and_kills');
let api;
/** Asks until the platform, which is killed again and again, has answered; a refusal of the request itself is thrown. */
async function surely(ask) {
  for (;;) {
    expect(demo.runs, 'the demo ended too early');
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) await api.log_in().catch(() => undefined);
      else if (error instanceof Refused && error.status < 500 && error.status !== 429) throw error;
    }
    await pause(300);
  }
}
/** One job for one meter, although nobody may have heard that it was made. */
async function make_job(device, name) {
  const newest = async () => (await surely(() => api.get(`/api/v1/jobs?device_id=${device.id}&page_size=1`))).jobs[0];
  const before = (await newest())?.id ?? 0;
  const wanted = {
    kind: 'command',
    name,
    device_ids: [device.id],
    reason: 'end-to-end test',
    lifetime_s: 60,
    access: { password: meter_password },
  };
  for (;;) {
    try {
      return (await api.post('/api/v1/jobs', wanted)).id;
    } catch (error) {
      if (error instanceof Refused && error.status < 500 && error.status !== 401 && error.status !== 429) throw error;
    }
    await pause(300);
    const made = await newest();
    if (made && made.id > before) return made.id;
  }
}
async function confirm(job) {
  await surely(async () => {
    const { state } = await api.get(`/api/v1/jobs/${job}`);
    if (state !== 'awaiting_confirmation') return;
    await api.post(`/api/v1/jobs/${job}/confirm`).catch((error) => {
      if (!(error instanceof Refused) || error.status !== 409) throw error; // it was confirmed, and we did not hear it
    });
  });
}
async function outcome_of(job) {
  for (;;) {
    const { finished_at } = await surely(() => api.get(`/api/v1/jobs/${job}`));
    if (finished_at) break;
    await pause(500);
  }
  const { orders } = await surely(() => api.get(`/api/v1/jobs/${job}/orders`));
  expect(orders.length === 1, `job ${job} has ${orders.length} orders`);
  return orders[0];
}

/** Off and on again, each order only when the one before has ended. A meter whose state nobody knows gets no more. */
async function keep_ordering(device, until_ms) {
  const given = [];
  let is_closed = true;
  while (Date.now() < until_ms) {
    const begun_ms = Date.now();
    const job = await make_job(device, is_closed ? 'relay_trip' : 'relay_close');
    await confirm(job);
    const { state, reason } = await outcome_of(job);
    given.push({ job, begun_ms, state, reason });
    if (state === 'done') is_closed = !is_closed;
    if (state === 'unknown') break;
  }
  return given;
}

/** What the meter says it did, held against what was ordered of it. */
function judge(device, given, executed) {
  given.forEach(({ job, begun_ms, state }, place) => {
    const next_ms = given[place + 1]?.begun_ms ?? Number.POSITIVE_INFINITY;
    const times = executed.filter(({ utc_ms }) => utc_ms >= begun_ms && utc_ms < next_ms).length;
    const is_right = state === 'done' ? times === 1 : state === 'unknown' ? times <= 1 : times === 0;
    expect(is_right, `meter ${device.address}: order of job ${job} ended "${state}", carried out ${times} times`);
  });
  const before = executed.filter(({ utc_ms }) => utc_ms < (given[0]?.begun_ms ?? Number.POSITIVE_INFINITY));
  expect(before.length === 0, `meter ${device.address}: carried out what nobody ordered`);
}

async function run() {
  demo.start(duheng, order_seconds + settle_seconds, ['--meters', `${meters}`, '--seed', seed, '--kills', kills]);
  api = new ApiClient(await demo.access());
  await surely(() => api.log_in());
  const { devices } = await surely(() => api.get('/api/v1/devices?model=dlt645-2007-single-phase&page_size=200'));
  const chosen = devices.slice(0, meters_with_orders);
  expect(chosen.length === meters_with_orders, `only ${chosen.length} meters`);
  const until_ms = Date.now() + order_seconds * 1_000;
  const given = await Promise.all(chosen.map((device) => keep_ordering(device, until_ms)));
  const { code, found } = await demo.audit();
  expect(code === 0, `the demo's check ended with ${code}: ${demo.summary}`);
  const executed_of = JSON.parse(readFileSync(join(demo.data, 'commands.json'), 'utf8'));
  chosen.forEach((device, place) => {
    const executed = executed_of.filter(({ address, function: which }) => address === device.address && which === relay_function);
    judge(device, given[place], executed);
  });
  const counts = {};
  for (const { state } of given.flat()) counts[state] = (counts[state] ?? 0) + 1;
  expect((counts.done ?? 0) >= meters_with_orders, `too few orders were done: ${JSON.stringify(counts)}`);
  const { kills: killed, commands, commands_doubled, lost, doubled } = found;
  console.log(`orders ${JSON.stringify(counts)} beside ${killed} kills: ${commands} commands carried out, ${commands_doubled} doubled; readings lost ${lost}, doubled ${doubled}`);
}

await run_test(demo, run, () => api?.close());
