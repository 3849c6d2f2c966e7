// How long reading on demand takes while all meters are polled. Needs a running demo, for which `duheng bench polling` cares:
//   DUHENG_ACCESS_FILE as `duheng demo --access-file` writes it; optional DUHENG_LATENCY_SECONDS (60).
// Prints one JSON object. One order at a time, each of one random DL/T 645 meter and one register; the clock runs from sending the
// request that makes the order to the answer that says it is done.
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import { ApiClient } from './api_client.mjs';

const access_file = process.env.DUHENG_ACCESS_FILE;
if (!access_file) throw new Error('DUHENG_ACCESS_FILE is needed: see the head of this file');
const access = JSON.parse(await readFile(access_file, 'utf8'));
const measured_ms = Number(process.env.DUHENG_LATENCY_SECONDS ?? 60) * 1_000;
const asked_every_ms = 5;
const order_limit_ms = 60_000;
const between_ms = 50;
const page_size = 200;
const model = 'dlt645-2007-single-phase';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function metrics(port) {
  return new Promise((done, failed) => {
    http
      .get({ host: '127.0.0.1', port, path: '/metrics', timeout: 10_000 }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece) => {
          text += piece;
        });
        answer.on('end', () => done(new Map(text.split('\n').map((line) => line.split(' ')))));
      })
      .on('error', failed);
  });
}
async function polled() {
  const seen = await metrics(access.gateway_http_port);
  const of = (name) => Number(seen.get(`duheng_gateway_${name}`) ?? Number.NaN);
  return {
    at: Date.now(),
    answered: of('exchanges_answered_total'),
    skipped: of('rounds_skipped_total'),
    given_up: of('exchanges_timed_out_total'),
  };
}
function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? null;
}

const api = new ApiClient(access);
await api.log_in();
const first = await api.get(`/api/v1/devices?model=${model}&page=1&page_size=${page_size}`);
const pages = Math.ceil(first.total / page_size);
let seed = 1;
function random_below(n) {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
}
async function some_device() {
  const page = await api.get(`/api/v1/devices?model=${model}&page=${1 + random_below(pages)}&page_size=${page_size}`);
  return page.devices[random_below(page.devices.length)].id;
}
/** The job's state when it is over, or null. */
async function over(job, begin) {
  while (Date.now() - begin < order_limit_ms) {
    const seen = await api.get(`/api/v1/jobs/${job}`);
    if (seen.finished_at) return seen;
    await pause(asked_every_ms);
  }
  return null;
}

const latencies = [];
let not_done = 0;
const before = await polled();
while (Date.now() - before.at < measured_ms) {
  const device = await some_device();
  const begin = performance.now();
  const { id } = await api.post('/api/v1/jobs', { kind: 'read', device_ids: [device], registers: ['voltage_a'], lifetime_s: 60 });
  const job = await over(id, Date.now());
  if (job?.counts.done === 1) latencies.push(performance.now() - begin);
  else not_done += 1;
  await pause(between_ms);
}
const after = await polled();
api.close();
latencies.sort((a, b) => a - b);
console.log(
  JSON.stringify({
    orders: latencies.length,
    not_done,
    latency_ms_p50: quantile(latencies, 0.5),
    latency_ms_p99: quantile(latencies, 0.99),
    latency_ms_max: latencies.at(-1) ?? null,
    polled_meters: first.total,
    polled_answers_per_min: ((after.answered - before.answered) / (after.at - before.at)) * 60_000,
    polled_rounds_skipped: after.skipped - before.skipped,
    polled_questions_given_up: after.given_up - before.given_up,
    asked_every_ms,
  }),
);
