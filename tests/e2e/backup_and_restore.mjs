// The machine is gone: a demo world of 50 meters is backed up while it runs, its platform is killed and its data put
// away, the backup is restored with the passphrase alone, the platform started on it. The demo's own audit then compares
// with the meters' ledger: nothing lost, nothing doubled; what the backup held is the same octet by octet.
// usage: backup_and_restore.mjs path/to/duheng
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ApiClient, Refused } from '../../web/e2e/api_client.mjs';
import { Demo, expect, pause, run_test } from './demo.mjs';

const duheng = resolve(process.argv[2] ?? '');
const demo = new Demo('backup_and_restore');
const platform_data = join(demo.data, 'platform');
const second_place = join(demo.data, 'second-site'); // where the demo's platform puts its backups
const passphrase = 'a passphrase in a safe';
const passphrase_file = join(demo.work, 'passphrase');
const seconds = 70;

async function back_up(access) {
  const api = new ApiClient(access);
  await demo.until('one can log in', 30_000, async () => (await api.log_in(), true));
  await api.put('/api/v1/backups/recovery-passphrase', { passphrase });
  // The first backup begins by itself; this one holds the passphrase.
  await demo.until('a backup can be asked for', 20_000, async () => {
    try {
      await api.post('/api/v1/backups/sets');
      return true;
    } catch (error) {
      expect(error instanceof Refused && error.status === 409, `a backup cannot be asked for: ${error.message}`);
      return false;
    }
  });
  const made = await demo.until('the backup is there', 30_000, async () => {
    const { runs } = await api.get('/api/v1/backups/sets');
    expect(!runs.some(({ state }) => state === 'failed'), `a backup failed: ${JSON.stringify(runs)}`);
    return runs.find(({ state, has_recovery_key }) => state === 'done' && has_recovery_key);
  });
  api.close();
  return made;
}

function restore_into(directory) {
  const restored = spawnSync(duheng, ['restore', '--place', second_place, '--into', directory, '--passphrase-file', passphrase_file, '--json'], { encoding: 'utf8' });
  return { code: restored.status, ...JSON.parse(restored.stdout) };
}

function destroy_and_restore() {
  const lost = join(demo.data, 'lost');
  // Nobody starts the platform while its data is away.
  process.kill(demo.pid, 'SIGSTOP');
  try {
    process.kill(demo.program('duheng-platform'), 'SIGKILL');
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

/// One octet flipped in each object of the place in turn: each that the newest set holds (one or more for a file) is
/// found before anything is written; damage in objects of older sets alone does not keep the newest from being restored.
function flip_and_refuse() {
  const objects = join(second_place, 'objects');
  const never = join(demo.work, 'never');
  const names = readdirSync(objects).map((name) => join(objects, name));
  let found = 0;
  let files = 0;
  for (const name of names) {
    const whole = readFileSync(name);
    const changed = Buffer.from(whole);
    changed[Math.floor(changed.length / 2)] ^= 1;
    writeFileSync(name, changed);
    const answer = restore_into(never);
    writeFileSync(name, whole);
    if (answer.code === 0) {
      files = answer.files;
      rmSync(never, { recursive: true });
      continue;
    }
    expect(answer.code === 1 && answer.sound === false, `a flipped octet in ${name}: ${JSON.stringify(answer)}`);
    expect(!existsSync(never) && !existsSync(`${never}.restoring`), 'something of a damaged backup was written');
    ++found;
  }
  const sound = restore_into(never);
  expect(sound.code === 0 && (files === 0 || files === sound.files), `not sound again: ${JSON.stringify(sound)}`);
  rmSync(never, { recursive: true });
  expect(found >= sound.files, `${found} of ${sound.files} flipped objects were found, ${names.length} lie there`);
  return found;
}

async function run() {
  writeFileSync(passphrase_file, `${passphrase}\n`, { mode: 0o600 });
  demo.start(duheng, seconds, ['--meters', '50']);
  const set = await back_up(await demo.access());
  // What comes from here on is in no backup: gateways have to send it again.
  await pause(5_000);
  const flipped = flip_and_refuse();
  const restored = destroy_and_restore();
  expect(restored.set >= set.set, 'another set was restored');
  const { found } = await demo.audit();
  expect(found.unasked_ends === 1, `${found.unasked_ends} programs ended unasked`);
  const verified = JSON.parse(execFileSync(duheng, ['verify', '--json', '--journal', join(platform_data, 'journal'), '--key', join(platform_data, 'keys/master.key')], { encoding: 'utf8' }));
  expect(verified.sound, `what stands there now is damaged: ${JSON.stringify(verified.findings)}`);
  const drill = JSON.parse(execFileSync(duheng, ['drill', '--place', second_place, '--passphrase-file', passphrase_file, '--scratch', demo.work, '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  expect(drill.sound, `the drill found something: ${JSON.stringify(drill)}`);
  console.log(`backup_and_restore: ${flipped} of ${flipped} flipped octets found, set ${restored.set} restored in ${restored.restore_ms} ms, ${restored.compared} segments identical, drill ${drill.recovery_ms} ms; ${demo.summary.trim()}`);
}

await run_test(demo, run);
