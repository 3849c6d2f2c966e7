// One fault of the machine under the real programs; see README.md. usage: storage_and_clock.mjs FAULT path/to/duheng
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync, closeSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [fault, duheng] = process.argv.slice(2);
const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';
const not_possible_here = 77;
const work = mkdtempSync(join(tmpdir(), 'duheng-e2e-'));
const data = join(work, 'data');
const access_file = join(work, 'access.json');
const offset_file = join(work, 'offset');
let mounted = null;
let demo = null;

class Failed extends Error {}
function expect(condition, message) {
  if (!condition) throw new Failed(message);
}
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
async function until(what, limit_ms, condition) {
  const end = Date.now() + limit_ms;
  for (;;) {
    let seen;
    try {
      seen = await condition();
    } catch (error) {
      if (error instanceof Failed) throw error;
      seen = undefined; // the program that was asked is not there at present
    }
    if (seen) return seen;
    expect(demo.exitCode === null, `the demo ended while waiting until ${what}`);
    expect(Date.now() < end, `waited in vain until ${what}`);
    await pause(100);
  }
}
function ask(client, options, body) {
  return new Promise((done, failed) => {
    const request = client.request({ host: '127.0.0.1', timeout: 5_000, ...options }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => (text += piece));
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text }));
    });
    request.on('timeout', () => request.destroy(new Error('timed out')));
    request.on('error', failed);
    request.end(body);
  });
}
const plain = (port, path) => ask(http, { port, path });
async function metric(port, name) {
  const { text } = await plain(port, '/metrics');
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  expect(line, `no metric ${name}`);
  return Number(line.slice(name.length + 1));
}
function log_in(access) {
  return ask(
    https,
    {
      port: Number(new URL(access.url).port),
      path: '/api/v1/session',
      method: 'POST',
      rejectUnauthorized: false,
      headers: { 'Content-Type': 'application/json', 'X-Duheng-Request': '1', Host: new URL(access.url).host },
    },
    JSON.stringify({ name: access.user, password: access.password }),
  );
}
function log_of(program) {
  return readFileSync(join(data, 'logs', `${program}.log`), 'utf8');
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
      const answer = await log_in(access);
      expect(answer.status === 507, `a login on a full disk is answered with ${answer.status}: ${answer.text}`);
      expect(JSON.parse(answer.text).code === 'storage_full', `not clear: ${answer.text}`);
      await until('the gateway spools', 20_000, async () => (await metric(access.gateway_http_port, 'duheng_gateway_spool_unacknowledged_batches')) > 50);
      expect((await metric(access.observability_port, 'duheng_ingest_batches_total')) === committed, 'batches were taken on a full disk');
      expect((await plain(access.gateway_http_port, '/readyz')).status === 200, 'the gateway does not go on reading');
      rmSync(filler);
      await until('everything goes on by itself', 90_000, async () => (await plain(access.observability_port, '/readyz')).status === 200);
      await until('logins work again', 20_000, async () => (await log_in(access)).status === 200);
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
      await until('logins work again', 30_000, async () => (await log_in(access)).status === 200);
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
      process.kill(gateway_id());
      await until('the gateway says why', 60_000, async () => /expired|certificate/i.test((await plain(access.gateway_http_port, '/readyz')).text));
      await until('the gateway goes on reading and spooling', 40_000, async () =>
        (await metric(access.gateway_http_port, 'duheng_gateway_readings_total')) > 100 &&
        (await metric(access.gateway_http_port, 'duheng_gateway_spool_unacknowledged_batches')) > 10);
      set_offset('+0');
      await until('the gateway is back', 120_000, async () => (await metric(access.gateway_http_port, 'duheng_gateway_uplink_online')) === 1);
    },
  },
};
/// The gateway of this very demo: a child of the demo's process.
function gateway_id() {
  const children = readFileSync(`/proc/${demo.pid}/task/${demo.pid}/children`, 'utf8').trim().split(/\s+/);
  const found = children.find((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('duheng-gateway'));
  expect(found, 'the gateway does not run');
  return Number(found);
}

async function main() {
  const plan = faults[fault];
  if (!plan || !duheng) throw new Failed(`usage: storage_and_clock.mjs ${Object.keys(faults).join('|')} path/to/duheng`);
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
  demo = spawn(resolve(duheng), ['demo', '--meters', '100', '--check', String(plan.seconds), '--data', data, '--access-file', access_file], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let summary = '';
  let progress = '';
  demo.stdout.on('data', (piece) => (summary += piece));
  demo.stderr.on('data', (piece) => (progress += piece));
  const ended = new Promise((done) => demo.on('close', done));
  try {
    await until('the demo runs', 120_000, () => existsSync(access_file));
    await plan.run(JSON.parse(readFileSync(access_file, 'utf8')));
    const code = await ended;
    const found = JSON.parse(summary);
    const sound = found.lost === 0 && found.doubled === 0 && found.unknown === 0 && found.inexact === 0 && found.telemetry_rebuilt_equal && found.meters_with_readings === found.meters;
    const as_told = code === 0 || (code === 1 && (plan.ends > 0 || plan.may_end));
    expect(sound && as_told && (plan.may_end || found.unasked_ends === (plan.ends ?? 0)), `the audit found something (exit ${code}): ${summary}`);
  } catch (error) {
    error.message += `\n${progress}${summary}`;
    throw error;
  }
  console.log(`${fault}: ${summary.trim()}`);
  return 0;
}

let code = 1;
try {
  code = await main();
} catch (error) {
  console.error(`${fault}: ${error.message}`);
  for (const program of ['platform', 'gateway']) {
    try {
      console.error(log_of(program).split('\n').slice(-15).join('\n'));
    } catch {
      // it never wrote one
    }
  }
} finally {
  if (demo && demo.exitCode === null) {
    demo.kill('SIGTERM');
    await new Promise((done) => demo.on('close', done));
  }
  if (mounted) {
    try {
      execFileSync('umount', [mounted], { stdio: 'ignore' });
    } catch {
      execFileSync('umount', ['-l', mounted], { stdio: 'ignore' });
    }
  }
  rmSync(work, { recursive: true, force: true });
}
process.exit(code);
