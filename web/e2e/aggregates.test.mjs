// Hours, days and months of a device, consumption and completeness of all, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, url } from './world.mjs';

const slow = { timeout: 60_000 };

let browser;
let page;
let faults;

const picture = (name) => take_picture(page, name);

const assert_accessible = (name, on = page) => check_accessible(on, name);

/** The lines of the file behind a button, without its head. */
async function saved_lines(button) {
  const [download] = await Promise.all([page.waitForEvent('download', slow), page.click(button)]);
  const text = await readFile(await download.path(), 'utf8');
  return text.trim().split('\r\n').slice(1);
}

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser));
  await log_in(page);
});
after(() => browser.close());

describe('aggregates', () => {
  it('shows the days of a device, and a value leads to its frame', async () => {
    await page.goto(`${url}/devices?state=online`);
    await page.waitForSelector('.row-link', slow);
    const path = new URL(await page.getAttribute('.row-link >> nth=0', 'href'), url).pathname;
    await page.goto(`${url}${path}/aggregates`);
    await page.waitForSelector('.bars rect', { ...slow, state: 'attached' });
    const rows = await page.locator('table.data-table tbody tr').count();
    assert.ok(rows >= 1);
    await picture('aggregates-days');
    await assert_accessible('days of a device');
    assert.equal((await saved_lines('button:has-text("下载 CSV")')).length, rows);
    await page.click('table.data-table .frame-link >> nth=0');
    await page.waitForSelector('[role="dialog"]', slow);
    await picture('aggregates-frame');
  });

  it('shows hours', async () => {
    await page.keyboard.press('Escape');
    await page.getByLabel('时段').selectOption('hour');
    await page.waitForSelector('table.data-table tbody time', slow);
    await picture('aggregates-hours');
  });

  it('names the largest consumers, the totals and what is missing, for today', async () => {
    const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    await page.goto(`${url}/consumption?from=${today}&to=${today}`);
    await page.waitForSelector('caption:has-text("用量最大")', { ...slow, state: 'attached' });
    await page.waitForSelector('caption:has-text("分组合计")', { ...slow, state: 'attached' });
    await page.waitForSelector('caption:has-text("逐日完整性")', { ...slow, state: 'attached' });
    await picture('consumption');
    await assert_accessible('consumption');
    assert.ok((await saved_lines('button[aria-label="下载 CSV：用量最大"]')).length >= 1);
    const totals = await saved_lines('button[aria-label="下载 CSV：分组合计"]');
    const cents = (line) => BigInt(line.split(',')[1].replace('.', ''));
    const all = cents(totals.at(-1));
    assert.equal(
      totals.slice(0, -1).reduce((sum, line) => sum + cents(line), 0n),
      all,
      'the groups add up exactly',
    );
  });

  it('names the largest of each group', async () => {
    await page.getByLabel('分组', { exact: true }).selectOption('model');
    await page.getByLabel('每组只列前 5 名').click(); // the address says that it is checked, a moment later
    await page.waitForSelector('table:has(caption:has-text("用量最大")) th:has-text("分组")', slow);
    await picture('consumption-top-by-group');
    await assert_accessible('largest of each group');
    const lines = await saved_lines('button[aria-label="下载 CSV：用量最大"]');
    const counts = new Map();
    for (const line of lines) counts.set(line.split(',').at(-1), (counts.get(line.split(',').at(-1)) ?? 0) + 1);
    assert.ok(counts.size >= 1);
    for (const [group, count] of counts) assert.ok(count <= 5, `${group}: ${count}`);
  });

  it('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForSelector('caption:has-text("用量最大")', { ...slow, state: 'attached' });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${over} pixels too wide`);
    await picture('consumption-phone');
  });

  it('made no noise in the console', () => assert.deepEqual(faults, []));
});
