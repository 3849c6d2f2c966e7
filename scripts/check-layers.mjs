// Arrows point down only (docs/architecture.md, "Layers"). Reads the #include lines of every tracked or new C++ file.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const layer = {
  base: 0,
  model: 1, codec: 1, crypto: 1,
  store: 2, link: 2,
  drivers: 3, device: 3, uplink: 3, rpc: 3,
  platform: 4, gateway: 4, vault: 4,
  tools: 5,
};
// Sideways arrows that are allowed, and why: codecs speak the vocabulary and use ciphers; stores encrypt; rpc carries what
// uplink decides.
const sideways = new Set(['codec>model', 'codec>crypto', 'store>crypto', 'rpc>uplink']);

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'src', 'apps'], { encoding: 'utf8' })
  .split('\n')
  .filter((name) => /\.(cpp|hpp|h)$/.test(name));
let problems = 0;
const complain = (file, line, text) => {
  console.error(`${file}:${line}: ${text}`);
  ++problems;
};
for (const file of files) {
  const own = file.startsWith('apps/') ? 'apps' : file.split('/')[1];
  if (own !== 'apps' && !(own in layer)) {
    complain(file, 1, `'${own}' is not a layer`);
    continue;
  }
  // A test may use what stands above its library only in tests/; beside the code it obeys the same rule.
  readFileSync(file, 'utf8').split('\n').forEach((text, index) => {
    const match = /^\s*#\s*include\s+"([^"/]+)\/[^"]+"/.exec(text);
    if (!match || !(match[1] in layer) || match[1] === own || own === 'apps') return;
    const to = match[1];
    if (layer[to] < layer[own] || sideways.has(`${own}>${to}`)) return;
    complain(file, index + 1, `${own} must not include ${to}: arrows point down the layers`);
  });
}
console.log(`layers: ${files.length} files, ${problems} problems`);
process.exit(problems ? 1 : 0);
