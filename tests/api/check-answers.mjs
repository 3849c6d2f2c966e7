// Holds real answers of the platform against api/openapi.yaml.
//
//   node check-answers.mjs TEST_PROGRAM
//
// Runs the API's test program, which writes its answers to a file, and validates each body against the schema that the
// contract names for method, path and status. Fails when an operation of the contract was never answered successfully.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const api = join(dirname(fileURLToPath(import.meta.url)), '../../api')
const require = createRequire(join(api, 'package.json'))
const Ajv = require('ajv/dist/2020.js').default
const addFormats = require('ajv-formats').default ?? require('ajv-formats')
const { parse } = require('yaml')

// The sockets are tested by themselves: they have no JSON answer.
const without_answer = new Set(['live', 'trace'])

const [program] = process.argv.slice(2)
if (!program) {
  console.error('usage: check-answers.mjs TEST_PROGRAM')
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), 'duheng-answers-'))
const file = join(folder, 'answers.jsonl')
const run = spawnSync(program, ['--gtest_filter=ApiTest.WritesAnswersForTheContract'], {
  env: { ...process.env, DUHENG_API_ANSWERS: file },
  encoding: 'utf8',
})
if (run.status !== 0) {
  console.error(run.stdout, run.stderr)
  process.exit(1)
}
const answers = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
rmSync(folder, { recursive: true })

const contract = parse(readFileSync(join(api, 'openapi.yaml'), 'utf8'))
const ajv = new Ajv({ strict: false, allErrors: true })
addFormats(ajv)
ajv.addSchema({ $id: 'openapi.yaml', ...contract })

const escaped = (part) => part.replaceAll('~', '~0').replaceAll('/', '~1')
const validators = new Map()

/** The schema's validator for an answer; null when the contract gives it no body. */
function validator_for({ method, path, status }) {
  const operation = contract.paths[path]?.[method]
  if (!operation) throw new Error(`the contract has no ${method} ${path}`)
  const key = operation.responses[status] ? String(status) : 'default'
  let pointer = `/paths/${escaped(path)}/${method}/responses/${key}`
  const response = operation.responses[key]
  if (!response) throw new Error(`the contract does not know status ${status} of ${method} ${path}`)
  let content = response.content
  if (response.$ref) {
    pointer = response.$ref.slice(1)
    content = contract.components.responses[response.$ref.split('/').pop()].content
  }
  if (!content?.['application/json']) return null
  const reference = `openapi.yaml#${pointer}/content/application~1json/schema`
  if (!validators.has(reference)) validators.set(reference, ajv.compile({ $ref: reference }))
  return validators.get(reference)
}

let failures = 0
const fulfilled = new Set()
for (const answer of answers) {
  const name = `${answer.method} ${answer.path} ${answer.status}`
  const validate = validator_for(answer)
  if (validate === null) {
    if (answer.body !== undefined) {
      console.error(`${name}: the contract gives no body, the platform did`)
      failures += 1
    }
  } else if (!validate(answer.body)) {
    console.error(`${name}: ${ajv.errorsText(validate.errors)}\n  ${JSON.stringify(answer.body).slice(0, 500)}`)
    failures += 1
  }
  if (answer.status < 300) fulfilled.add(contract.paths[answer.path][answer.method].operationId)
}
for (const [path, item] of Object.entries(contract.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    if (!operation.operationId || without_answer.has(operation.operationId) || fulfilled.has(operation.operationId)) continue
    console.error(`${method} ${path} (${operation.operationId}): no successful answer was seen`)
    failures += 1
  }
}
console.log(`${answers.length} answers, ${failures} not as the contract says`)
process.exit(failures === 0 ? 0 : 1)
