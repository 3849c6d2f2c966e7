// Other people than the demo's own: made at the command line, as an operator of the platform makes them.
//   DUHENG_PROGRAM  path of `duheng` (the release build's)
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ApiClient } from './api_client.mjs';
import { read_access } from './world.mjs';

const duheng = process.env.DUHENG_PROGRAM ?? fileURLToPath(new URL('../../build/release/bin/duheng', import.meta.url));

/** Somebody with that role who has already chosen a password: name and password. */
export async function make_user(role) {
  const access = await read_access();
  const name = `${role}-${process.pid}-${Date.now() % 1_000_000}`;
  const { stdout } = await promisify(execFile)(duheng, [
    'user',
    'create',
    name,
    '--data',
    `${access.data_directory}/platform`,
    '--role',
    role,
  ]);
  const given = stdout.trim();
  const password = `own words of ${Date.now()}, long enough`;
  const api = new ApiClient({ ...access, user: name, password: given });
  await api.log_in();
  await api.put('/api/v1/session/password', { old_password: given, new_password: password });
  api.close();
  return { user: name, password };
}
