// What the browser tests share: the running system they look at, logging in, pictures, and what every page must satisfy.
// A running system is told by DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; DUHENG_SCREENSHOTS is an optional folder.
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

export const { DUHENG_USER: user, DUHENG_PASSWORD: password, DUHENG_SCREENSHOTS: screenshots } = process.env;
export const url = process.env.DUHENG_URL?.replace(/\/$/, '');
if (!url || !user || !password) throw new Error('DUHENG_URL, DUHENG_USER and DUHENG_PASSWORD are needed: see web/e2e/world.mjs');
const axe_source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What the demo wrote into its access file (DUHENG_ACCESS). */
export async function read_access() {
  if (!process.env.DUHENG_ACCESS) throw new Error('DUHENG_ACCESS is needed: the access file of the demo');
  return JSON.parse(await readFile(process.env.DUHENG_ACCESS, 'utf8'));
}

/** As the demo's own user, or as somebody else. */
export async function log_in(page, somebody = { user, password }) {
  await page.goto(`${url}/login`);
  await page.fill('input[name="name"]', somebody.user);
  await page.fill('input[name="password"]', somebody.password);
  await page.click('button[type="submit"]');
  await page.waitForSelector('.navigation');
}

/** Into the folder of pictures, when there is one. */
export async function take_picture(page, name, options = {}) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.screenshot({ path: `${screenshots}/${name}.png`, ...options });
}

/** No fault that axe can find by rule; colour contrast included. */
export async function check_accessible(page, name) {
  await page.evaluate(axe_source);
  const violations = await page.evaluate(async () => {
    const { violations: found } = await window.axe.run(document, { resultTypes: ['violations'] });
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(' | ')}`);
  });
  assert.deepEqual(violations, [], name);
}

/** What `condition` answers as soon as that is something; within two minutes. */
export async function until(condition, what) {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    const found = await condition();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 500));
  }
  return assert.fail(`not in time: ${what}`);
}
