// A few virtual meters of a test's own on one serial line, besides the demo's: the demo's line stands in its gateway's own
// file, where the platform may not change it.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const duheng = process.env.DUHENG_PROGRAM ?? fileURLToPath(new URL('../../build/release/bin/duheng', import.meta.url));

const exists = (path) =>
  readFile(path).then(
    () => true,
    () => false,
  );

/** Meters (address, model) on a line whose path is `line`; `stop` ends them and leaves nothing behind. */
export async function start_fleet(count) {
  const directory = await mkdtemp(join(tmpdir(), 'duheng-line-'));
  const data = join(directory, 'fleet');
  const config = join(directory, 'fleet.yaml');
  // Others' tests before this one left meters with other addresses.
  const first_address = 900_000_000_000 + (Date.now() % 1_000_000_000) * 10;
  await writeFile(
    config,
    `data_directory: ${data}\nseed: 7\nmeters: ${count + 1}\nfirst_address: ${first_address}\ntcp: { ports: 1 }\n` +
      `serial: { lines: 1, meters_per_line: ${count} }\n`,
  );
  const program = spawn(join(dirname(duheng), 'duheng-fleet'), ['--config', config], { stdio: 'ignore' });
  const ended = new Promise((done) => {
    program.once('exit', done);
    program.once('error', done);
  });
  const stop = async () => {
    if (program.exitCode === null) program.kill('SIGTERM');
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + 30_000;
  while (!(await exists(join(data, 'ready')))) {
    if (Date.now() > deadline || program.exitCode !== null) {
      await stop();
      throw new Error(`no fleet: ${program.spawnfile}`);
    }
    await pause(100);
  }
  const devices = await readFile(join(data, 'devices.yaml'), 'utf8');
  const meters = [...devices.matchAll(/address: "(\d+)", model: ([\w-]+), channel: serial-0/g)];
  return { line: join(data, 'serial-0'), meters: meters.map(([, address, model]) => ({ address, model })), stop };
}
