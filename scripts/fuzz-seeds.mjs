// Gathers a fuzz target's seeds in one folder, read as cmake/replay_fuzz_seeds.cpp reads them: of a JSON file every "hex"
// (one binary file each), of anything else the file itself; folders with all below them.
//   node fuzz-seeds.mjs OUT [FILE|FOLDER...]
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const [, , out, ...named] = process.argv;
if (!out) {
  console.error('usage: fuzz-seeds.mjs OUT [FILE|FOLDER...]');
  process.exit(2);
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesOf(join(path, name)));
}

function hexOf(value) {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'hex' && typeof inner === 'string' ? [inner] : hexOf(inner),
  );
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
let count = 0;
for (const file of named.filter((name) => name !== '').flatMap(filesOf)) {
  if (file.endsWith('.json')) {
    for (const hex of hexOf(JSON.parse(readFileSync(file, 'utf8')))) {
      const octets = Buffer.from(hex.replace(/[^0-9a-fA-F]/g, ''), 'hex');
      writeFileSync(join(out, `${String(count++).padStart(5, '0')}-${basename(file)}`), octets);
    }
  } else {
    copyFileSync(file, join(out, `${String(count++).padStart(5, '0')}-${basename(file)}`));
  }
}
console.log(`${count} seeds`);
