// The OpenAPI file is valid 3.1, every reference resolves, and every operation has an id, a summary and a way to fail.
import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { parse } from 'yaml';

const path = process.argv[2];
const specification = parse(readFileSync(path, 'utf8'));
const problems = [];
const outcome = await new Validator().validate(structuredClone(specification));
if (!outcome.valid) problems.push(...(Array.isArray(outcome.errors) ? outcome.errors.map((e) => `${e.instancePath}: ${e.message}`) : [outcome.errors]));

const ids = new Set();
for (const [route, item] of Object.entries(specification.paths)) {
  for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
    const operation = item[method];
    if (!operation) continue;
    const where = `${method.toUpperCase()} ${route}`;
    if (!operation.operationId || ids.has(operation.operationId)) problems.push(`${where}: operationId missing or used twice`);
    ids.add(operation.operationId);
    if (!operation.summary) problems.push(`${where}: no summary`);
    if (!operation.responses?.default) problems.push(`${where}: no default response`);
    for (const name of route.matchAll(/\{(\w+)\}/g)) {
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map((p) => (p.$ref ? resolve(p.$ref) : p));
      if (!parameters.some((p) => p?.in === 'path' && p.name === name[1])) problems.push(`${where}: path parameter ${name[1]} not described`);
    }
  }
}
function resolve(reference) {
  return reference.slice(2).split('/').reduce((node, key) => node?.[key], specification);
}
(function walk(node) {
  if (node === null || typeof node !== 'object') return;
  if (typeof node.$ref === 'string' && resolve(node.$ref) === undefined) problems.push(`${node.$ref} leads nowhere`);
  Object.values(node).forEach(walk);
})(specification);

for (const problem of problems) console.error(`${path}: ${problem}`);
console.log(`openapi: ${ids.size} operations, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
