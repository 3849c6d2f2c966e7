// Each source of the server's health fails while the platform runs; see README.md. usage: server_health.mjs path/to/duheng
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ApiClient } from '../../web/e2e/api_client.mjs';
import { Demo, expect, run_test } from './demo.mjs';

const [duheng] = process.argv.slice(2);
const minute = 60_000;
const demo = new Demo('server_health');
const machine = join(demo.work, 'machine');
let api;

function write(path, text) {
  const file = join(machine, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
const smart = 'commands/smartctl_--json_-H_-A_-i_dev_sda';
const disk = (passed) => JSON.stringify({ device: { name: '/dev/sda' }, model_name: 'EXAMPLE', smart_status: { passed } });
const sensors = (second) =>
  `Inlet Temp | 04h | ok | 7.1 | 24 degrees C\nPS1 Status | C8h | ok | 10.1 | Presence detected\nPS2 Status | C9h | ok | 10.2 | ${second}\n`;
const well = {
  'commands/smartctl_--json_--scan': '{"devices":[{"name":"/dev/sda"}]}',
  [smart]: disk(true),
  'proc/mdstat': 'md0 : active raid1 sdb1[1] sda1[0]\n      1046528 blocks [2/2] [UU]\n',
  'commands/ipmitool_sdr_elist': sensors('Presence detected'),
  'sys/class/hwmon/hwmon0/name': 'coretemp\n',
  'sys/class/hwmon/hwmon0/temp1_input': '45000\n',
  'sys/class/hwmon/hwmon0/temp1_crit': '95000\n',
  'proc/meminfo': 'MemTotal: 1000000 kB\nMemAvailable: 600000 kB\n',
  'proc/loadavg': '0.52 0.40 0.30 2/345 6789\n',
};
const failures = [
  ['server_disk_failing', 'disk:sda', smart, disk(false)],
  ['server_raid_degraded', 'raid:md0', 'proc/mdstat', 'md0 : active raid1 sda1[0]\n      1046528 blocks [2/1] [U_]\n'],
  ['server_supply_lost', 'supply:PS2 Status', 'commands/ipmitool_sdr_elist', sensors('Presence detected, Failure detected')],
  ['server_temperature_high', 'temperature:coretemp/temp1', 'sys/class/hwmon/hwmon0/temp1_input', '96000\n'],
  ['server_memory_high', 'memory', 'proc/meminfo', 'MemTotal: 1000000 kB\nMemAvailable: 20000 kB\n'],
  ['server_processor_high', 'processor', 'proc/loadavg', '900.00 800.00 300.00 2/345 6789\n'],
  ['server_source_unreadable', 'source:disks', smart, 'no json'],
];
const active = async () => (await api.get('/api/v1/alarms?subject_kind=server&state=active')).alarms;

async function run() {
  demo.start(duheng, null, ['--meters', '10']);
  const access = await demo.access();
  for (const [path, text] of Object.entries(well)) write(path, text);
  appendFileSync(join(demo.data, 'platform.yaml'), `servers: { interval_s: 5, simulated_folder: ${machine} }\n`);
  process.kill(demo.program('duheng-platform')); // the demo starts it again, with this
  api = new ApiClient(access);
  await demo.until('the platform reads the folder', 2 * minute, async () => {
    await api.log_in();
    const { sources } = await api.get('/api/v1/status/server');
    return sources.length === 6 && sources.every(({ state }) => state === 'ok');
  });
  expect((await active()).length === 0, 'an alarm stands although all is well');
  for (const [kind, subject, path, text] of failures) {
    write(path, text);
    const seen = await demo.until(`${kind} is an alarm`, 5 * minute, async () => {
      const all = await active();
      return all.length > 0 && all;
    });
    expect(seen.length === 1 && seen[0].kind === kind && seen[0].subject.id === subject, `${kind}: ${JSON.stringify(seen)}`);
    write(path, well[path]);
    await demo.until(`${kind} is over`, 2 * minute, async () => (await active()).length === 0);
  }
  console.log(`server health: ${failures.length} of ${failures.length} failures were alarms, each over when mended`);
}

await run_test(demo, run, () => api?.close());
