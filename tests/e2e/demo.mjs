// What these tests share: a demo world of real programs that checks itself, in a temporary folder of its own.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What a test found wrong, as against what it could not ask at present. */
export class Failed extends Error {}
export function expect(condition, message) {
  if (!condition) throw new Failed(message);
}
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export class Demo {
  summary = '';
  progress = '';
  #process = null;
  #ended = null;

  constructor(name) {
    this.name = name;
    this.work = mkdtempSync(join(tmpdir(), `duheng-e2e-${name}-`));
    this.data = join(this.work, 'data');
    this.access_file = join(this.work, 'access.json');
  }

  /**
   * `options` of `duheng demo`, after its folders; `seconds` it runs before it compares itself with the meters' ledger. Without them it
   * runs until it is stopped, with devices of every kind.
   */
  start(duheng, seconds, options, environment = process.env) {
    const places = [
      '--data',
      this.data,
      '--access-file',
      this.access_file,
      '--port',
      '0',
      ...(seconds ? ['--check', `${seconds}`] : []),
    ];
    this.#process = spawn(resolve(duheng), ['demo', ...places, ...options], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process.stdout.on('data', (piece) => (this.summary += piece));
    this.#process.stderr.on('data', (piece) => (this.progress += piece));
    this.#ended = new Promise((done) => this.#process.on('close', done));
  }
  get runs() {
    return this.#process?.exitCode === null && this.#process.signalCode === null;
  }
  get pid() {
    return this.#process.pid;
  }
  /** What `access_file` says, as soon as the world stands. */
  async access() {
    await this.until('the demo runs', 300_000, () => existsSync(this.access_file));
    return JSON.parse(readFileSync(this.access_file, 'utf8'));
  }
  /** Waits for what `condition` answers; that a program cannot be asked at present is no answer. */
  async until(what, limit_ms, condition) {
    for (const end = Date.now() + limit_ms; ; await pause(100)) {
      let seen;
      try {
        seen = await condition();
      } catch (error) {
        if (error instanceof Failed) throw error;
      }
      if (seen) return seen;
      expect(this.runs, `the demo ended while waiting until ${what}`);
      expect(Date.now() < end, `waited in vain until ${what}`);
    }
  }
  /** The process of one program of this very demo, a child of the demo's own. */
  program(name) {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8').trim().split(/\s+/);
    const found = children.find((id) => readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(name));
    expect(found, `${name} does not run`);
    return Number(found);
  }
  log_of(program) {
    return readFileSync(join(this.data, 'logs', `${program}.log`), 'utf8');
  }
  /** How the demo ended and what its audit counted; nothing lost, doubled, unknown or inexact in it. */
  async audit() {
    const code = await this.#ended;
    expect(this.summary, `the demo ended with ${code} before its audit`);
    const found = JSON.parse(this.summary);
    const { lost, doubled, unknown, inexact, telemetry_rebuilt_equal, meters, meters_with_readings } = found;
    const sound = lost + doubled + unknown + inexact === 0 && telemetry_rebuilt_equal && meters === meters_with_readings;
    expect(sound, `the audit found something: ${this.summary}`);
    return { code, found };
  }
  async stop() {
    if (!this.runs) return;
    process.kill(this.pid, 'SIGCONT');
    process.kill(this.pid, 'SIGTERM');
    await Promise.race([this.#ended, pause(30_000)]);
    if (this.runs) process.kill(this.pid, 'SIGKILL');
    await this.#ended;
  }
}

/** Runs `test` and ends this process: 0, 1 with everything that tells why, or what `test` answers. */
export async function run_test(demo, test, clean_up = () => undefined) {
  process.once('SIGTERM', async () => {
    await demo.stop();
    clean_up();
    process.exit(143);
  });
  let code = 1;
  try {
    code = (await test()) ?? 0;
  } catch (error) {
    console.error(
      `${demo.name}: ${error instanceof Failed ? error.message : error.stack}\n${demo.progress.slice(-4_000)}${demo.summary}`,
    );
    for (const program of ['platform', 'gateway'].filter((one) => existsSync(join(demo.data, 'logs', `${one}.log`)))) {
      console.error(demo.log_of(program).split('\n').slice(-15).join('\n'));
    }
  }
  await demo.stop();
  clean_up();
  rmSync(demo.work, { recursive: true, force: true });
  process.exit(code);
}
