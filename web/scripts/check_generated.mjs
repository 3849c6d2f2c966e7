// Fails when src/api/generated.ts is not what the contract gives now, so that types and contract cannot drift apart.
import { readFile } from 'node:fs/promises';
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';

const contract = new URL('../../api/openapi.yaml', import.meta.url);
const kept = new URL('../src/api/generated.ts', import.meta.url);
const wanted = `${COMMENT_HEADER}${astToString(await openapiTS(contract))}`;
if ((await readFile(kept, 'utf8')) !== wanted) {
  console.error('src/api/generated.ts is older than api/openapi.yaml: run `npm run generate` and commit the result.');
  process.exit(1);
}
console.log('src/api/generated.ts is current.');
