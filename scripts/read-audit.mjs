// Judges an `npm audit --json` report from standard input: prints what it found, fails on high and critical ones that are not
// accepted, with the reason, in scripts/accepted-advisories.json.
import { readFileSync } from 'node:fs';

const folder = process.argv[2];
const report = JSON.parse(readFileSync(0, 'utf8'));
const accepted = JSON.parse(readFileSync(new URL('./accepted-advisories.json', import.meta.url), 'utf8'))[folder] ?? {};
let bad = 0;
for (const [name, finding] of Object.entries(report.vulnerabilities ?? {})) {
  const serious = finding.severity === 'high' || finding.severity === 'critical';
  const reason = accepted[name];
  console.log(`   ${folder}: ${name} ${finding.severity}${reason ? ` (accepted: ${reason})` : ''}`);
  if (serious && !reason) ++bad;
}
if (bad === 0) console.log(`   ${folder}: no unaccepted high or critical advisory`);
process.exit(bad ? 1 : 0);
