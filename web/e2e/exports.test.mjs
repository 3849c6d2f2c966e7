// Readings as files, out and in, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, url } from './world.mjs';

const slow = { timeout: 60_000 };

let browser;
let page;
let faults;

const picture = (name, of = page) => take_picture(of, name);

const assert_accessible = (name, on = page) => check_accessible(on, name);

/** Downloads the newest export; its octets. */
async function fetch_newest() {
  const [download] = await Promise.all([page.waitForEvent('download', slow), page.click('a:has-text("下载") >> nth=0')]);
  return readFile(await download.path());
}

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser));
  await log_in(page);
});
after(() => browser.close());

/** The form for a new export of a meter that is there; the meter's page. */
async function open_new_export() {
  await page.goto(`${url}/devices?state=online`);
  await page.waitForSelector('.row-link', slow);
  const path = new URL(await page.getAttribute('.row-link >> nth=0', 'href'), url).pathname;
  await page.goto(`${url}${path}`);
  await page.click('a:has-text("导出") >> nth=0');
  await page.waitForSelector('form', slow);
  return path;
}

describe('exports', () => {
  it('exports a device, and the file is the one the list tells of', async () => {
    await open_new_export();
    await picture('export-new');
    await assert_accessible('new export');
    await page.fill('input[maxlength="60"]', '浏览器导出');
    await page.click('text=开始导出');
    await page.waitForSelector('text=浏览器导出', slow);
    await page.waitForSelector('a:has-text("下载")', slow);
    await picture('export-list');
    await assert_accessible('list of exports');
    const content = await fetch_newest();
    const told = await page.textContent('.export-digest .mono >> nth=0');
    assert.equal(createHash('sha256').update(content).digest('hex'), told);
    const lines = content.toString('utf8').split('\r\n');
    assert.ok(lines[0].includes('device_id,device,address'), lines[0]);
    assert.ok(lines.length > 2, 'there are readings');
    // What went out comes in again: everything is known, nothing is wrong.
    await page.goto(`${url}/exports/import`);
    await page.setInputFiles('input[type="file"]', { name: 'again.csv', mimeType: 'text/csv', buffer: content });
    await page.waitForSelector('text=可以导入', slow);
    await page.waitForSelector('text=只作为佐证', slow);
    await picture('import-report');
    await assert_accessible('report of an import');
    await page.click('button:has-text("取消")');
    await page.waitForSelector('text=已取消', slow);
    assert.deepEqual(faults, []);
  });

  it('exports the hours of a device, equal to what the platform answers', async () => {
    const path = await open_new_export();
    await page.getByLabel('内容').selectOption('hour');
    await page.waitForSelector('text=只含完整的时段', slow);
    await page.getByLabel(/加 UTF-8 标记/).uncheck();
    await page.getByLabel(/正向有功总/).check();
    await page.fill('input[maxlength="60"]', '小时统计');
    await picture('export-hours-new');
    await assert_accessible('new export of hours');
    await page.click('text=开始导出');
    await page.waitForSelector('text=小时统计', slow);
    await page.waitForSelector('tr:has-text("小时统计") a:has-text("下载")', slow);
    await picture('export-hours-list');
    const content = (await fetch_newest()).toString('utf8');
    const [head, ...rows] = content
      .trim()
      .split('\r\n')
      .map((line) => line.split(','));
    const device = Number(path.split('/').at(-1));
    const { registers } = await page.evaluate(async (id) => (await fetch(`/api/v1/devices/${id}`)).json(), device);
    const { series_id } = registers.find(({ register }) => register === 'energy_active_import_total');
    const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    const { buckets } = await page.evaluate(
      async ([id, day]) => (await fetch(`/api/v1/series/${id}/aggregates?by=hour&from=${day}&to=${day}`)).json(),
      [series_id, today],
    );
    const cell = (row, name) => row[head.indexOf(name)];
    const settled = buckets.filter(({ to }) => Date.parse(to) < Date.now() - 60_000);
    for (const bucket of settled) {
      const row = rows.find((one) => Number(cell(one, 'to_utc_ms')) === Date.parse(bucket.to));
      assert.ok(row, `an hour that ends ${bucket.to}`);
      assert.equal(cell(row, 'increase'), bucket.increase);
      assert.equal(cell(row, 'values'), String(bucket.values));
      assert.equal(cell(row, 'completeness'), bucket.completeness ?? '');
      assert.equal(cell(row, 'last_frame'), bucket.last.frame);
    }
    assert.ok(rows.length >= 1, 'there is the hour that runs');
    assert.deepEqual(faults, []);
  });

  it('fits a phone', async () => {
    const { page: phone } = await new_page(browser, { viewport: { width: 390, height: 844 } });
    await log_in(phone);
    for (const place of ['/exports', '/exports/new', '/exports/import']) {
      await phone.goto(`${url}${place}`);
      await phone.waitForSelector('.tabs', slow);
      const wider = await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wider <= 0, `${place} is ${wider} px too wide`);
      await picture(`phone${place.replaceAll('/', '-')}`, phone);
      await assert_accessible(place, phone);
    }
    await phone.context().close();
  });
});
