// What an auditor can do with an audit file alone, without the platform and its keys: every hash of the operation log is
// made again from what the file says, the journal's segments follow one another, and an earlier file is continued.
//
//   node check-audit.mjs AUDIT.jsonl [EARLIER.jsonl]
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const chained = ['number', 'time_utc_ms', 'user_id', 'user', 'action', 'job_id', 'order_id', 'device_id', 'outcome', 'detail', 'remote_address']

/** Of an operation, as docs/data-schema/audit-row.schema.json describes it; capital hexadecimal digits. */
export function operation_hash(previous, line) {
  const hash = createHash('sha256').update(Buffer.from(previous, 'hex'))
  for (const field of chained) {
    const text = Buffer.from(String(line[field] ?? 0), 'utf8')
    hash.update(`${text.length}:`).update(text).update(',')
  }
  return hash.digest('hex').toUpperCase()
}

/** What does not hold; empty when everything does. */
export function faults_of(lines) {
  const faults = []
  let before = null
  for (const line of lines.filter(({ part }) => part === 'operation')) {
    if (before && line.number !== before.number + 1) faults.push(`operation ${line.number} follows ${before.number}`)
    if (before?.hash && line.previous_hash !== before.hash) faults.push(`operation ${line.number} is bound to another one before it`)
    if (line.hash && line.previous_hash && operation_hash(line.previous_hash, line) !== line.hash)
      faults.push(`operation ${line.number} is not what was written`)
    before = line
  }
  let end = null
  for (const line of lines.filter(({ part }) => part === 'segment')) {
    if (end !== null && line.number !== end) faults.push(`${line.file} begins with record ${line.number}, not ${end}`)
    end = line.next_number
  }
  for (const { part, number, hash_holds } of lines)
    if (hash_holds === 0) faults.push(`${part} ${number}: the platform itself says that its hash does not hold`)
  return faults
}

/** What an earlier file says otherwise. */
export function faults_against(earlier, lines) {
  const faults = []
  const now = new Map(lines.filter(({ part }) => part === 'operation').map((line) => [line.number, line.hash]))
  const then = earlier.filter(({ part }) => part === 'operation')
  for (const { number, hash } of then) if (now.has(number) && now.get(number) !== hash) faults.push(`operation ${number} was another one then`)
  const last = then.at(-1)
  const next = lines.find(({ part, number }) => part === 'operation' && number === (last?.number ?? Number.NaN) + 1)
  if (next && next.previous_hash !== last.hash) faults.push(`operation ${next.number} is not bound to the last one told then`)
  const segments = new Map(lines.filter(({ part, closed }) => part === 'segment' && closed).map((line) => [line.file, line.hash]))
  for (const { file, hash, closed } of earlier.filter(({ part }) => part === 'segment'))
    if (closed && segments.has(file) && segments.get(file) !== hash) faults.push(`${file} was another one then`)
  return faults
}

export const read_audit = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, earlier] = process.argv.slice(2)
  if (!file) {
    console.error('usage: check-audit.mjs AUDIT.jsonl [EARLIER.jsonl]')
    process.exit(2)
  }
  const lines = read_audit(file)
  const faults = [...faults_of(lines), ...(earlier ? faults_against(read_audit(earlier), lines) : [])]
  for (const fault of faults) console.error(fault)
  const count = (wanted) => lines.filter(({ part }) => part === wanted).length
  console.log(`${count('operation')} operations, ${count('edit')} edits, ${count('segment')} segments: ${faults.length === 0 ? 'everything holds' : `${faults.length} faults`}`)
  process.exit(faults.length === 0 ? 0 : 1)
}
