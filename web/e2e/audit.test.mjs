// The operation log is checked, and an audit fetched and checked by its own rules, through a browser, on a running demo
// world: see world.mjs.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { faults_of, read_audit } from '../../tests/security/check-audit.mjs';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, until, url, user } from './world.mjs';

const slow = { timeout: 30_000 };

let browser;
let page;

before(async () => {
  browser = await launch();
  ({ page } = await new_page(browser, { viewport: { width: 1440, height: 900 }, acceptDownloads: true }));
  await log_in(page);
});
after(async () => {
  await browser?.close();
});

describe('the operation log', () => {
  it('is checked from its first entry to its last', async () => {
    await page.goto(`${url}/jobs/log`);
    await page.getByRole('button', { name: '检查日志' }).click(slow);
    await page.getByText(/全部 [\d,]+ 条记录均与写入时一致/).waitFor(slow);
    await check_accessible(page, 'operations');
    await take_picture(page, 'operations-checked');
    await page.setViewportSize({ width: 390, height: 844 });
    assert.equal(
      await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth),
      true,
      'no sideways scrolling',
    );
    await take_picture(page, 'operations-phone');
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  it('goes into an audit that whoever has the file can check', async () => {
    await page.getByRole('button', { name: '生成最近 30 天的审计文件' }).click();
    await page.waitForURL(`${url}/exports`, slow);
    const done = await until(async () => {
      const { exports } = await page.evaluate(async () => (await fetch('/api/v1/exports')).json());
      return exports.find(({ by, state }) => by === 'audit' && state === 'done');
    }, 'the audit is made');
    await page.locator(`a[href="/api/v1/exports/${done.id}/file"]`).waitFor(slow);
    await take_picture(page, 'exports-audit');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator(`a[href="/api/v1/exports/${done.id}/file"]`).click(),
    ]);
    const file = await download.path();
    assert.ok((await readFile(file)).length > 0);
    const lines = read_audit(file);
    assert.deepEqual(faults_of(lines), []);
    assert.equal(lines.length, done.rows);
    assert.ok(
      lines.some(({ part, action, user: who }) => part === 'operation' && action === 'ask_export' && who === user),
      'that it was asked for stands in it',
    );
    assert.ok(lines.some(({ part }) => part === 'segment'));
  });
});
