// One fault of the machine under the real programs; see README.md. usage: storage_and_clock.mjs FAULT path/to/duheng
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { ApiClient, Refused } from '../../web/e2e/api_client.mjs';
import { Demo, expect, pause, run_test } from './demo.mjs';

const [fault, duheng] = process.argv.slice(2);
const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const not_possible_here = 77;
const demo = new Demo(fault);
const { work, data } = demo;
const offset_file = join(work, 'offset');
let mounted = null;
const until = (...what) => demo.until(...what);
const log_of = (program) => demo.log_of(program);

/** A program's own port for supervision. */
function plain(port, path) {
  return new Promise((done, failed) => {
    const request = http.get({ host: '127.0.0.1', timeout: 5_000, port, path }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => (text += piece));
      answer.on('error', failed);
      answer.on('end', () => done({ status: answer.statusCode, text }));
    });
    request.on('timeout', () => request.destroy(new Error('timed out')));
    request.on('error', failed);
  });
}
async function metric(port, name) {
  const { text } = await plain(port, '/metrics');
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  expect(line, `no metric ${name}`);
  return Number(line.slice(name.length + 1));
}
/** The refusal of a login, or nothing when it succeeds. */
async function log_in(access) {
  const api = new ApiClient(access);
  try {
    await api.log_in();
    return null;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  } finally {
    api.close();
  }
}
function set_offset(text) {
  writeFileSync(`${offset_file}.new`, `${text}\n`);
  renameSync(`${offset_file}.new`, offset_file);
}
/// To the last octet.
function fill(path) {
  const file = openSync(path, 'w');
  for (let size = 1 << 20; size >= 1; size >>= size > 4096 ? 4 : 12) {
    const piece = Buffer.alloc(size, 1);
    try {
      for (;;) writeSync(file, piece);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
    }
  }
  closeSync(file);
}

const faults = {
  disk_full: {
    seconds: 45,
    prepare() {
      const folder = join(data, 'platform');
      mkdirSync(folder, { recursive: true });
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'tmpfs', folder], { stdio: 'ignore' });
      } catch {
        return 'this user may not mount a small file system';
      }
      mounted = folder;
    },
    async run(access) {
      const filler = join(data, 'platform', 'filler');
      fill(filler);
      await until('the platform says that it is full', 60_000, async () => {
        const { status, text } = await plain(access.observability_port, '/readyz');
        return status === 503 && text.includes('disk is full');
      });
      const committed = await metric(access.observability_port, 'duheng_ingest_batches_total');
      const refusal = await log_in(access);
      expect(refusal?.status === 507, `a login on a full disk is answered with ${refusal?.message ?? 'success'}`);
      expect(refusal.message.includes('"storage_full"'), `not clear: ${refusal.message}`);
      await until('the gateway spools', 20_000, async () => (await metric(access.gateway_http_port, 'duheng_gateway_spool_unacknowledged_batches')) > 50);
      expect((await metric(access.observability_port, 'duheng_ingest_batches_total')) === committed, 'batches were taken on a full disk');
      expect((await plain(access.gateway_http_port, '/readyz')).status === 200, 'the gateway does not go on reading');
      rmSync(filler);
      await until('everything goes on by itself', 90_000, async () => (await plain(access.observability_port, '/readyz')).status === 200);
      await until('logins work again', 20_000, async () => (await log_in(access)) === null);
    },
  },
  disk_read_only: {
    seconds: 60,
    may_end: true, // the platform, which is started again until its disk can be written
    prepare() {
      const folder = join(data, 'platform');
      const image = join(work, 'disk.img');
      mkdirSync(folder, { recursive: true });
      try {
        execFileSync('truncate', ['-s', '512M', image]);
        execFileSync('mkfs.ext4', ['-q', image], { stdio: 'ignore' });
        execFileSync('mount', ['-o', 'loop', image, folder], { stdio: 'ignore' });
      } catch {
        return 'this user may not mount a file system of its own';
      }
      mounted = folder;
    },
    async run(access) {
      await until('batches come in', 30_000, async () => (await metric(access.observability_port, 'duheng_ingest_batches_total')) > 20);
      // What the kernel does by itself when a disk fails under a file system: nothing can be written from now on.
      execFileSync('mount', ['-o', 'remount,abort', mounted], { stdio: 'ignore' });
      await until('the platform says why', 60_000, () => /read-only file system|Read-only file system/i.test(log_of('platform')));
      await until('the gateway spools', 30_000, async () => (await metric(access.gateway_http_port, 'duheng_gateway_spool_unacknowledged_batches')) > 50);
      expect((await plain(access.gateway_http_port, '/readyz')).status === 200, 'the gateway does not go on reading');
      await until('the disk can be taken out, between two starts', 60_000, () => {
        execFileSync('umount', [mounted], { stdio: 'ignore' });
        return true;
      });
      const image = join(work, 'disk.img');
      try {
        execFileSync('e2fsck', ['-p', '-f', image], { stdio: 'ignore' });
      } catch (error) {
        expect(error.status <= 1, `the disk could not be mended: ${error.status}`);
      }
      execFileSync('mount', ['-o', 'loop', image, mounted], { stdio: 'ignore' });
      await until('everything goes on by itself', 120_000, async () => (await plain(access.observability_port, '/readyz')).status === 200);
      await until('logins work again', 30_000, async () => (await log_in(access)) === null);
    },
  },
  clock_back: {
    seconds: 30,
    clock: true,
    async run(access) {
      set_offset('-3600');
      await until('the gateway notices', 30_000, async () => (await metric(access.gateway_http_port, 'duheng_gateway_clock_jumps_back_total')) >= 1);
      const before = await metric(access.observability_port, 'duheng_ingest_readings_total');
      await until('readings go on coming in', 40_000, async () => (await metric(access.observability_port, 'duheng_ingest_readings_total')) > before + 100);
      expect((await metric(access.gateway_http_port, 'duheng_gateway_readings_flagged_total')) > 0, 'no reading is flagged');
      set_offset('+0');
      await pause(5_000);
    },
  },
  certificate_expired: {
    seconds: 40,
    clock: true,
    ends: 1, // of programs, by this script
    async run(access) {
      set_offset('+500d');
      // Sessions that stand may stand; a new one must be refused, so the connection is made anew.
      process.kill(demo.program('duheng-gateway'));
      await until('the gateway says why', 60_000, async () => /expired|certificate/i.test((await plain(access.gateway_http_port, '/readyz')).text));
      await until('the gateway goes on reading and spooling', 40_000, async () =>
        (await metric(access.gateway_http_port, 'duheng_gateway_readings_total')) > 100 &&
        (await metric(access.gateway_http_port, 'duheng_gateway_spool_unacknowledged_batches')) > 10);
      set_offset('+0');
      await until('the gateway is back', 120_000, async () => (await metric(access.gateway_http_port, 'duheng_gateway_uplink_online')) === 1);
    },
  },
};

async function main() {
  const plan = faults[fault];
  expect(plan && duheng, `usage: storage_and_clock.mjs ${Object.keys(faults).join('|')} path/to/duheng`);
  const missing = plan.prepare?.() ?? (plan.clock && !existsSync(faketime) ? 'libfaketime is not installed' : undefined);
  if (missing) {
    console.log(`${fault}: not run: ${missing}`);
    return not_possible_here;
  }
  const environment = { ...process.env };
  if (plan.clock) {
    set_offset('+0');
    Object.assign(environment, { LD_PRELOAD: faketime, FAKETIME_TIMESTAMP_FILE: offset_file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_FAKE_MONOTONIC: '1' });
  }
  demo.start(duheng, plan.seconds, ['--meters', '100'], environment);
  await plan.run(await demo.access());
  const { code, found } = await demo.audit();
  const as_told = code === 0 || (code === 1 && (plan.ends > 0 || plan.may_end));
  expect(as_told && (plan.may_end || found.unasked_ends === (plan.ends ?? 0)), `the demo ended with ${code}: ${demo.summary}`);
  console.log(`${fault}: ${demo.summary.trim()}`);
  return 0;
}

await run_test(demo, main, () => {
  if (!mounted) return;
  try {
    execFileSync('umount', [mounted], { stdio: 'ignore' });
  } catch {
    execFileSync('umount', ['-l', mounted], { stdio: 'ignore' });
  }
});
