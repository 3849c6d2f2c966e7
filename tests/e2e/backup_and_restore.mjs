// The machine is gone: a demo world of 50 meters is backed up while it runs, its platform is killed and its data put
// away, the backup is restored with the passphrase alone, the platform started on it. The demo's own audit then compares
// with the meters' ledger: nothing lost, nothing doubled; what the backup held is the same octet by octet.
// usage: backup_and_restore.mjs path/to/duheng
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const duheng = resolve(process.argv[2] ?? '');
const work = mkdtempSync(join(tmpdir(), 'duheng-e2e-backup-'));
const data = join(work, 'data');
const platform_data = join(data, 'platform');
const second_place = join(data, 'second-site'); // where the demo's platform puts its backups
const access_file = join(work, 'access.json');
const passphrase = 'a passphrase in a safe';
const passphrase_file = join(work, 'passphrase');
const seconds = 45;
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

class Api {
  constructor(access) {
    this.access = access;
    this.cookie = '';
  }
  ask(method, path, body) {
    const url = new URL(this.access.url);
    const headers = { Host: url.host, 'X-Duheng-Request': '1' };
    if (this.cookie) headers.Cookie = this.cookie;
    if (body) headers['Content-Type'] = 'application/json';
    return new Promise((done, failed) => {
      const request = https.request(
        { host: '127.0.0.1', port: Number(url.port), path, method, headers, rejectUnauthorized: false, timeout: 10_000 },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (piece) => (text += piece));
          answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, body: text ? JSON.parse(text) : undefined }));
        },
      );
      request.on('timeout', () => request.destroy(new Error('timed out')));
      request.on('error', failed);
      request.end(body ? JSON.stringify(body) : undefined);
    });
  }
  async log_in() {
    const answer = await this.ask('POST', '/api/v1/session', { name: this.access.user, password: this.access.password });
    expect(answer.status === 200, `the login is answered with ${answer.status}`);
    this.cookie = answer.headers['set-cookie'][0].split(';')[0];
  }
  async must(method, path, body) {
    const answer = await this.ask(method, path, body);
    expect(answer.status < 300, `${method} ${path} is answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

/// The platform of this very demo: a child of the demo's process.
function platform_id() {
  const children = readFileSync(`/proc/${demo.pid}/task/${demo.pid}/children`, 'utf8').trim().split(/\s+/);
  return Number(children.find((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('duheng-platform')) ?? 0);
}

async function back_up(access) {
  const api = new Api(access);
  await until('one can log in', 30_000, async () => (await api.log_in(), true));
  await api.must('PUT', '/api/v1/backups/recovery-passphrase', { passphrase });
  // The first backup begins by itself; this one holds the passphrase.
  await until('a backup can be asked for', 20_000, async () => (await api.ask('POST', '/api/v1/backups/sets')).status === 202);
  return until('the backup is there', 30_000, async () => {
    const { runs } = await api.must('GET', '/api/v1/backups/sets');
    expect(!runs.some(({ state }) => state === 'failed'), `a backup failed: ${JSON.stringify(runs)}`);
    return runs.find(({ state, has_recovery_key }) => state === 'done' && has_recovery_key);
  });
}

function restore_into(directory) {
  const restored = spawnSync(duheng, ['restore', '--place', second_place, '--into', directory, '--passphrase-file', passphrase_file, '--json'], { encoding: 'utf8' });
  return { code: restored.status, ...JSON.parse(restored.stdout) };
}

function destroy_and_restore() {
  const lost = join(data, 'lost');
  // Nobody starts the platform while its data is away.
  process.kill(demo.pid, 'SIGSTOP');
  try {
    process.kill(platform_id(), 'SIGKILL');
    renameSync(platform_data, lost);
    const begun = Date.now();
    const found = restore_into(platform_data);
    expect(found.code === 0, `the restoring failed: ${JSON.stringify(found)}`);
    let compared = 0;
    for (const name of readdirSync(join(platform_data, 'journal'))) {
      const same = readFileSync(join(platform_data, 'journal', name)).equals(readFileSync(join(lost, 'journal', name)));
      expect(same, `journal/${name} is not what it was`);
      ++compared;
    }
    expect(compared > 0, 'no segment was restored');
    for (const path of ['keys/master.key', 'authority/root.pem', 'authority/root.key'].filter((one) => existsSync(join(lost, one)))) {
      expect(readFileSync(join(platform_data, path)).equals(readFileSync(join(lost, path))), `${path} is not what it was`);
    }
    return { ...found, compared, restore_ms: Date.now() - begun };
  } finally {
    process.kill(demo.pid, 'SIGCONT');
  }
}

/// A flipped octet is found before anything is written.
function flip_and_refuse() {
  const objects = join(second_place, 'objects');
  const name = join(objects, readdirSync(objects)[0]);
  const whole = readFileSync(name);
  const changed = Buffer.from(whole);
  changed[Math.floor(changed.length / 2)] ^= 1;
  writeFileSync(name, changed);
  const found = restore_into(join(work, 'never'));
  writeFileSync(name, whole);
  expect(found.code === 1 && found.sound === false, `the flipped octet was not found: ${JSON.stringify(found)}`);
  expect(!existsSync(join(work, 'never')) && !existsSync(join(work, 'never.restoring')), 'something of a damaged backup was written');
}

async function main() {
  writeFileSync(passphrase_file, `${passphrase}\n`, { mode: 0o600 });
  demo = spawn(duheng, ['demo', '--meters', '50', '--check', String(seconds), '--data', data, '--access-file', access_file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let summary = '';
  let progress = '';
  demo.stdout.on('data', (piece) => (summary += piece));
  demo.stderr.on('data', (piece) => (progress += piece));
  const ended = new Promise((done) => demo.on('close', done));
  try {
    await until('the demo runs', 120_000, () => existsSync(access_file));
    const set = await back_up(JSON.parse(readFileSync(access_file, 'utf8')));
    // What comes from here on is in no backup: gateways have to send it again.
    await pause(5_000);
    flip_and_refuse();
    const restored = destroy_and_restore();
    expect(restored.set >= set.set, 'another set was restored');
    await ended;
    const found = JSON.parse(summary);
    const sound = found.lost === 0 && found.doubled === 0 && found.unknown === 0 && found.inexact === 0 && found.telemetry_rebuilt_equal && found.meters_with_readings === found.meters;
    expect(sound && found.unasked_ends === 1, `the audit found something: ${summary}`);
    const verified = JSON.parse(execFileSync(duheng, ['verify', '--json', '--journal', join(platform_data, 'journal'), '--key', join(platform_data, 'keys/master.key')], { encoding: 'utf8' }));
    expect(verified.sound, `what stands there now is damaged: ${JSON.stringify(verified.findings)}`);
    const drill = JSON.parse(execFileSync(duheng, ['drill', '--place', second_place, '--passphrase-file', passphrase_file, '--scratch', work, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    expect(drill.sound, `the drill found something: ${JSON.stringify(drill)}`);
    console.log(`backup_and_restore: set ${restored.set} restored in ${restored.restore_ms} ms, ${restored.compared} segments identical, drill ${drill.recovery_ms} ms; ${summary.trim()}`);
  } catch (error) {
    error.message += `\n${progress}${summary}`;
    throw error;
  }
}

let code = 0;
try {
  await main();
} catch (error) {
  console.error(`backup_and_restore: ${error.message}`);
  code = 1;
} finally {
  if (demo && demo.exitCode === null) {
    demo.kill('SIGTERM');
    await Promise.race([new Promise((done) => demo.on('close', done)), pause(20_000)]);
    if (demo.exitCode === null) demo.kill('SIGKILL');
  }
  if (code === 0) rmSync(work, { recursive: true, force: true });
  else console.error(`kept: ${work}`);
}
process.exit(code);
