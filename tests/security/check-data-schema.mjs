// Holds structured data against the published schemas of docs/data-schema.
//
//   node check-data-schema.mjs TEST_PROGRAM        a small platform's own readings, edits and operation log (the test)
//   node check-data-schema.mjs SCHEMA FILE         each line of a JSON-lines file (or CSV with a header line)
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { faults_against, faults_of } from './check-audit.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const require = createRequire(join(root, 'api/package.json'))
const Ajv = require('ajv/dist/2020.js').default
const addFormats = require('ajv-formats').default ?? require('ajv-formats')
const schemas = join(root, 'docs/data-schema')

const ajv = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true })
addFormats(ajv)
for (const name of readdirSync(schemas).filter((file) => file.endsWith('.schema.json')))
  ajv.addSchema(JSON.parse(readFileSync(join(schemas, name), 'utf8')))

const validator_of = (name) => {
  const validate = ajv.getSchema(`urn:duheng:data-schema:${name}:1`)
  if (!validate) throw new Error(`there is no schema ${name}`)
  return validate
}

/** RFC 4180: cells in quotes may hold commas, quotes and line ends. */
function rows_of_csv(text) {
  const rows = [[]]
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length; ++at) {
    const character = text[at]
    if (quoted) {
      if (character !== '"') cell += character
      else if (text[at + 1] === '"') cell += text[++at]
      else quoted = false
    } else if (character === '"') quoted = true
    else if (character === ',' || character === '\n') {
      rows.at(-1).push(cell)
      cell = ''
      if (character === '\n') rows.push([])
    } else if (character !== '\r') cell += character
  }
  rows.pop()
  const [header, ...lines] = rows
  return lines.map((line) => Object.fromEntries(header.map((name, column) => [name, line[column]])))
}

function lines_of(file) {
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '')
  if (file.endsWith('.csv')) return rows_of_csv(text)
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))
}

/** How many lines; throws for one that does not fit. */
function check(name, file) {
  const validate = validator_of(name)
  const lines = lines_of(file)
  lines.forEach((line, number) => {
    if (!validate(line))
      throw new Error(`${name}, line ${number + 1}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(line)}`)
  })
  return lines
}

/** A schema that takes anything proves nothing: each line without one of its fields, or with one more, must not fit. */
function check_that_it_bites(name, lines) {
  const validate = validator_of(name)
  for (const field of Object.keys(lines[0])) {
    const { [field]: removed, ...rest } = lines[0]
    if (validate(rest)) throw new Error(`${name}: the schema does not miss ${field} (${JSON.stringify(removed)})`)
    if (validate({ ...lines[0], [field]: { another: 'kind' } })) throw new Error(`${name}: ${field} may be anything`)
  }
  if (validate({ ...lines[0], surplus: 1 })) throw new Error(`${name}: the schema takes unknown fields`)
}

/** What the platform told an auditor holds, each kind of line is there, and any change of any chained field is found. */
function check_the_audit(lines) {
  const faults = faults_of(lines)
  if (faults.length > 0) throw new Error(`the audit does not hold: ${faults.join('; ')}`)
  for (const wanted of ['operation', 'edit', 'segment'])
    if (!lines.some(({ part }) => part === wanted)) throw new Error(`the audit has no ${wanted}`)
  const operations = lines.filter(({ part }) => part === 'operation')
  if (operations.length < 3) throw new Error('the audit has too few operations to look at')
  for (const field of ['time_utc_ms', 'user', 'action', 'outcome', 'detail', 'remote_address', 'hash']) {
    const changed = structuredClone(lines)
    const line = changed.find(({ number, part }) => part === 'operation' && number === operations[1].number)
    line[field] = typeof line[field] === 'number' ? line[field] + 1 : `${line[field]}0`
    if (faults_of(changed).length === 0) throw new Error(`a change of ${field} is not found`)
    if (field === 'hash' && faults_against(lines, changed).length === 0) throw new Error('an earlier audit does not show it')
  }
  if (faults_of(lines.filter((line) => line !== operations[1])).length === 0) throw new Error('one left out is not missed')
  console.log(`audit: ${operations.length} operations bound to one another`)
}

const [first, second] = process.argv.slice(2)
try {
  if (second) {
    console.log(`${check(first, second).length} lines fit ${first}`)
  } else if (first) {
    const folder = mkdtempSync(join(tmpdir(), 'duheng-data-schema-'))
    const run = spawnSync(first, ['--gtest_filter=*StandsNeitherOnTheWire*/aes_256_gcm'], {
      env: { ...process.env, DUHENG_DATA_SAMPLES: folder },
      encoding: 'utf8',
    })
    if (run.status !== 0) throw new Error(`${run.stdout}${run.stderr}`)
    const found = {}
    for (const [name, file] of [
      ['reading-row', 'reading-row.jsonl'],
      ['audit-row', 'audit-row.jsonl'],
      ['edit-record', 'edit-record.jsonl'],
      ['operation', 'operation.csv'],
    ]) {
      found[name] = check(name, join(folder, file))
      if (found[name].length === 0) throw new Error(`${name}: nothing to check`)
      check_that_it_bites(name, found[name])
      console.log(`${name}: ${found[name].length} lines fit`)
    }
    check_that_it_bites('proof', [found['edit-record'][0].proof])
    if (!found['reading-row'].some((row) => row.edit_kind === 'correction')) throw new Error('no corrected reading')
    check_the_audit(found['audit-row'])
    rmSync(folder, { recursive: true })
  } else {
    console.error('usage: check-data-schema.mjs TEST_PROGRAM | SCHEMA FILE')
    process.exit(2)
  }
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
