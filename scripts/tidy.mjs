// Runs clang-tidy-19 over the sources of a compile database, two at a time, and keeps what was clean by content: a file is
// looked at again only when it, a header of the project or .clang-tidy changed.
//   node scripts/tidy.mjs BUILD_FOLDER [part-of-path ...]
//   DUHENG_TIDY_MINUTES=n: what changed last comes first, and what is not reached in n minutes is counted, not looked at
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';

const [, , build, ...only] = process.argv;
const root = process.cwd();
const database = JSON.parse(readFileSync(join(build, 'compile_commands.json'), 'utf8'));
const files = [...new Set(database.map((entry) => relative(root, entry.file)))]
  .filter((file) => /^(src|apps|tests)\//.test(file) && !/_(test|bench|fuzz)\.cpp$/.test(file) && !file.startsWith('tests/'))
  .filter((file) => only.length === 0 || only.some((part) => file.includes(part)))
  .sort();

// A copy of the database that clang understands: GCC's own warning switches and the compiler cache taken out.
const clangDatabase = join(build, 'clang-tidy');
mkdirSync(clangDatabase, { recursive: true });
const gccOnly = /\s(-Wno-(restrict|stringop-overflow|stringop-overread|maybe-uninitialized|dangling-pointer|tsan)|-fno-canonical-system-headers)(?=\s)/g;
writeFileSync(
  join(clangDatabase, 'compile_commands.json'),
  JSON.stringify(database.map((entry) => ({ ...entry, command: entry.command.replace(/^.*?ccache (?=\S*\+\+|\S*cc)/, '').replace(gccOnly, ' ') }))),
);

const seen = new Map();
function digest(file, stack = new Set()) {
  if (seen.has(file)) return seen.get(file);
  if (stack.has(file) || !existsSync(file)) return '';
  stack.add(file);
  const text = readFileSync(file, 'utf8');
  const hash = createHash('sha256').update(text);
  for (const match of text.matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) hash.update(digest(join('src', match[1]), stack));
  const value = hash.digest('hex');
  seen.set(file, value);
  return value;
}
const cachePath = join(build, 'clang-tidy', 'clean.json');
const settings = createHash('sha256').update(readFileSync('.clang-tidy')).digest('hex');
const cache = existsSync(cachePath) ? JSON.parse(readFileSync(cachePath, 'utf8')) : {};
const queue = files.filter((file) => cache[file] !== settings + digest(file));
const minutes = Number(process.env.DUHENG_TIDY_MINUTES ?? 0);
if (minutes > 0) {
  const age = new Map();
  try {
    const changed = execFileSync('git', ['log', '--name-only', '--format=', '-n', '200'], { encoding: 'utf8', maxBuffer: 1 << 26 });
    for (const file of changed.split('\n')) if (!age.has(file)) age.set(file, age.size);
  } catch {
    // without a history all are as old
  }
  queue.sort((a, b) => (age.get(a) ?? Infinity) - (age.get(b) ?? Infinity) || 0);
}
const end_ms = minutes > 0 ? Date.now() + minutes * 60_000 : Infinity;
let failed = 0;
let done = 0;

async function worker() {
  for (let file = queue.shift(); file; file = Date.now() < end_ms ? queue.shift() : undefined) {
    const output = await new Promise((resolve) => {
      // clang says C++23 where GCC 12 says less, and RESTinio's expected-lite would then take std::expected, which lacks
      // what RESTinio calls.
      const extra = '--extra-arg=-Dnsel_CONFIG_SELECT_EXPECTED=nsel_EXPECTED_NONSTD';
      execFile('clang-tidy-19', ['-p', clangDatabase, '--quiet', '--warnings-as-errors=*', extra, file], { maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
        resolve(error ? `${stdout}${stderr.replace(/^\d+ warnings? .*$/gm, '')}` : ''),
      );
    });
    ++done;
    if (output) {
      ++failed;
      console.error(output.trim());
    } else {
      cache[file] = settings + digest(file);
    }
    // So that a run that is cut off is gone on with.
    if (done % 20 === 0) writeFileSync(cachePath, JSON.stringify(cache));
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, worker));
writeFileSync(cachePath, JSON.stringify(cache));
console.log(`clang-tidy: ${files.length} files, ${done} looked at, ${failed} with findings${queue.length > 0 ? `, ${queue.length} not reached` : ''}`);
process.exit(failed ? 1 : 0);
