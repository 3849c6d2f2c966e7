// Writes every "hex" of the vector files as one binary seed file for the fuzzers.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [, , vectors, out] = process.argv;
mkdirSync(out, { recursive: true });
let count = 0;
for (const file of readdirSync(vectors).filter((name) => name.endsWith('.json'))) {
  const entries = JSON.parse(readFileSync(join(vectors, file), 'utf8'));
  for (const [index, entry] of (Array.isArray(entries) ? entries : (entries.tests ?? [])).entries()) {
    const hex = entry.hex ?? entry.octets;
    if (typeof hex !== 'string') continue;
    writeFileSync(join(out, `${file}-${index}`), Buffer.from(hex.replace(/[^0-9a-fA-F]/g, ''), 'hex'));
    ++count;
  }
}
console.log(`${count} seeds`);
