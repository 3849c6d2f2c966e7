// docs/traceability.md must name every requirement ID of docs/requirements/ once, and every file and test it names must exist.
//   | ID | state | code | test |     state: done, partly or not yet; code and test: paths in backticks, a test's name after ::
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const problems = [];
const required = new Map();
for (const file of readdirSync('docs/requirements').filter((name) => name.endsWith('.md') && name !== 'README.md')) {
  for (const line of readFileSync(join('docs/requirements', file), 'utf8').split('\n')) {
    const match = /^\| ((?:RM|HM|BM|EM|HN)-[A-Za-z0-9.]+) \|/.exec(line);
    if (!match) continue;
    if (required.has(match[1])) problems.push(`${file}: ${match[1]} stands twice`);
    required.set(match[1], file);
  }
}
const seen = new Map();
const states = { done: 0, partly: 0, 'not yet': 0 };
readFileSync('docs/traceability.md', 'utf8').split('\n').forEach((line, index) => {
  const match = /^\| ((?:RM|HM|BM|EM|HN)-[A-Za-z0-9.]+) \|([^|]*)\|([^|]*)\|([^|]*)\|$/.exec(line);
  if (!match) return;
  const [, id, state, code, test] = match.map((cell) => cell.trim());
  const where = `docs/traceability.md:${index + 1}: ${id}`;
  if (!required.has(id)) problems.push(`${where} is no requirement`);
  if (seen.has(id)) problems.push(`${where} stands twice`);
  seen.set(id, state);
  if (!(state in states)) {
    problems.push(`${where}: state '${state}' is none of done, partly, not yet`);
    return;
  }
  ++states[state];
  if (state === 'not yet') return;
  const references = (text) => [...text.matchAll(/`([^`]+)`/g)].map((m) => m[1]);
  if (references(code).length === 0 || references(test).length === 0) problems.push(`${where}: ${state} needs code and test`);
  for (const reference of [...references(code), ...references(test)]) {
    const [path, name] = reference.split('::');
    if (!existsSync(path)) problems.push(`${where}: ${path} does not exist`);
    else if (name && !readFileSync(path, 'utf8').includes(name)) problems.push(`${where}: ${path} holds no '${name}'`);
  }
});
for (const [id, file] of required) if (!seen.has(id)) problems.push(`docs/traceability.md: ${id} (${file}) is missing`);
for (const problem of problems) console.error(problem);
console.log(`traceability: ${required.size} requirements: ${states.done} done, ${states.partly} partly, ${states['not yet']} not yet; ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
