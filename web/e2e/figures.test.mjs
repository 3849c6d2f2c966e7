// The whole way of a stored day and of a point's consumption, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, url } from './world.mjs';

const slow = { timeout: 60_000 };
const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 900 };

let browser;
let page;
let faults;

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser));
  await page.setViewportSize(desktop);
  await log_in(page);
});
after(() => browser.close());

async function assert_fits_a_phone(name) {
  await page.setViewportSize(phone);
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(widths[0] <= widths[1], `${name}: no scrolling sideways, ${widths}`);
  await take_picture(page, `${name}-phone`, { fullPage: true });
  await page.setViewportSize(desktop);
}

describe('the way of a figure', () => {
  it('leads from a day of a device to its readings and their frames, and says that it is still the same', async () => {
    await page.goto(`${url}/devices?state=online`);
    await page.waitForSelector('.row-link', slow);
    const path = new URL(await page.getAttribute('.row-link >> nth=0', 'href'), url).pathname;
    await page.goto(`${url}${path}/aggregates`);
    await page.waitForSelector('a[aria-label$="的溯源"]', slow);
    // With the keyboard.
    await page.focus('a[aria-label$="的溯源"] >> nth=0');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.figure-verdict', slow);
    const told = await page.textContent('.figure-view');
    assert.match(told, /重新计算结果相同/);
    assert.match(told, /已验证：重新计算一致/);
    assert.equal(await page.locator('.figure-verdict.is-bad').count(), 0);
    assert.ok((await page.locator('.figure-view .frame-link').count()) >= 1);
    await take_picture(page, 'figure-day', { fullPage: true });
    await check_accessible(page, 'figure of a day');
    await assert_fits_a_phone('figure-day');
    await page.click('.figure-view .frame-link >> nth=0');
    await page.waitForSelector('[role="dialog"]', slow);
    await page.keyboard.press('Escape');
  });

  it('says so when a figure is not there', async () => {
    await page.goto(`${url}/figures?series=1&bucket=day&day=2001-01-01`);
    await page.waitForSelector('text=找不到这个数值', slow);
    await page.goto(`${url}/figures`);
    await page.waitForSelector('text=未指定要溯源的数值', slow);
  });

  it('takes a point apart into its meters', async () => {
    const asked = await page.evaluate(async () => {
      const { devices } = await (await fetch('/api/v1/devices?state=online&page_size=50')).json();
      let answer = { status: 0, body: null };
      // Of the demo's own households: what other tests added has hardly a value yet.
      for (const device of devices.filter(({ model, name }) => model.startsWith('dlt645') && name.includes('幢'))) {
        const made = await fetch('/api/v1/points', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Duheng-Request': '1' },
          body: JSON.stringify({
            name: `溯源 ${Date.now()}`,
            organisation_id: device.organisation.id,
            at: new Date(Date.now() - 60_000).toISOString(),
            installation: {
              device_id: device.id,
              registers: [{ name: 'energy_active_import_total', ratio_numerator: 40, ratio_denominator: 1 }],
            },
          }),
        });
        answer = { status: made.status, body: await made.json() };
        if (made.status === 201) break; // else it measures at another point already
      }
      return answer;
    });
    assert.equal(asked.status, 201, JSON.stringify(asked.body));
    await page.goto(`${url}/points/${asked.body.id}`);
    await page.waitForSelector('a[aria-label$="的溯源"]', slow);
    // Today: before that nothing stood at the point.
    await page.click('a[aria-label$="的溯源"] >> nth=-1');
    await page.waitForSelector('.figure-meter', slow);
    assert.match(await page.textContent('.figure-view'), /各表计用量之和与总量相符/);
    await take_picture(page, 'figure-point', { fullPage: true });
    await check_accessible(page, 'figure of a point');
    await assert_fits_a_phone('figure-point');
  });

  it('met no fault but the figure that is not there and devices that measure elsewhere already', () =>
    assert.deepEqual(
      faults.filter((fault) => !/404.*\/api\/v1\/figure|409.*\/api\/v1\/points/.test(fault)),
      [],
    ));
});
