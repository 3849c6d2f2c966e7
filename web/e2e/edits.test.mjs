// A value is corrected, seen, and withdrawn, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD (somebody who may edit); optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { log_in, take_picture, url, user } from './world.mjs';

const slow = { timeout: 30_000 };

let browser;
let page;

const picture = (name) => take_picture(page, name);

before(async () => {
  browser = await launch();
  ({ page } = await new_page(browser, { viewport: { width: 1440, height: 900 } }));
  await log_in(page);
});
after(async () => {
  await browser?.close();
});

/** The first device that answers, and a value of its imported energy that is a few readings old. */
async function some_value() {
  const ask = (path) => page.evaluate(async (where) => (await fetch(where)).json(), path);
  const { devices } = await ask('/api/v1/devices?state=online&page_size=1');
  const device = await ask(`/api/v1/devices/${devices[0].id}`);
  const register = device.registers.find((one) => one.register === 'energy_active_import_total');
  const { readings } = await ask(`/api/v1/series/${register.series_id}/readings?limit=5`);
  const reading = readings.at(-1);
  return { device: device.id, series: register.series_id, time: reading.time, value: reading.value };
}

describe('a value', () => {
  it('is corrected beside what was read, and the correction is withdrawn', async () => {
    const { device, series, time, value } = await some_value();
    const wrong = `${Number(value.split('.')[0]) + 1}.00`;
    await page.goto(`${url}/devices/${device}?value=${series}@${time}`);
    await page.waitForSelector('.version.is-in-force', slow);
    assert.equal(await page.locator('.version').count(), 1);
    await page.getByLabel('新数值').fill(wrong);
    await page.getByLabel('原因').fill('端到端测试');
    await page.getByRole('button', { name: '保存' }).click();
    await page.waitForSelector('.version:nth-child(2).is-in-force', slow);
    await picture('edits-corrected');
    const corrected = await page.evaluate(
      async ([id, at]) => (await fetch(`/api/v1/series/${id}/versions?time=${at}`)).json(),
      [series, time],
    );
    assert.equal(corrected.versions[0].value, value, 'what was read stands beside it');
    assert.equal(corrected.versions[1].edit.value, wrong);
    assert.equal(corrected.versions[1].edit.author, user);
    assert.equal(corrected.versions[1].in_force, true);

    await page.getByLabel('原因').fill('撤回测试更正');
    await page.getByRole('button', { name: '撤回现行变更' }).click();
    await page.waitForSelector('.version:nth-child(1).is-in-force', slow);
    assert.equal(await page.locator('.version').count(), 3, 'the history keeps all of it');
  });

  it('leads to its frame from the history', async () => {
    await page.locator('.version').getByRole('link', { name: '查看报文' }).first().click();
    await page.waitForSelector('.frame-drawer', slow);
  });
});

describe('metering points', () => {
  it('are there, with an empty list or with points', async () => {
    await page.goto(`${url}/points`);
    await page.waitForSelector('h1');
    assert.equal(await page.textContent('h1'), '计量点');
    await page.waitForSelector('.empty, table, .data-table', slow);
    await picture('points');
  });
});
