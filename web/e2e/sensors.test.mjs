// Sensors are written down and calibrated, and what meters report is listed, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD (an operator); optional DUHENG_SCREENSHOTS (a folder).
// Against the stubbed platform (npm run dev:mock) as well.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { log_in as log_in_on, take_picture, url } from './world.mjs';

const slow = { timeout: 30_000 };
const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

let browser;

const picture = (page, name) => take_picture(page, name, { fullPage: true });

async function log_in(viewport) {
  const { page, faults } = await new_page(browser, { viewport });
  await log_in_on(page);
  return { page, faults };
}
const ask = (page, path) => page.evaluate(async (where) => (await fetch(where)).json(), path);
/** Nothing stands out beyond the right edge. */
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

describe('sensors', () => {
  it('are calibrated, and the mark on their values goes', async () => {
    const { page } = await log_in(sizes.desktop);
    let found = await ask(page, '/api/v1/sensors?state=overdue');
    if (found.total === 0) {
      const { devices } = await ask(page, '/api/v1/devices?page_size=1');
      await page.evaluate(async (device_id) => {
        await fetch('/api/v1/sensors', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Duheng-Request': '1' },
          body: JSON.stringify({
            device_id,
            register: 'voltage_a',
            from: '2020-01-01T00:00:00Z',
            quantity: 'voltage',
            serial_number: 'E2E-1',
            calibration: { on: '2020-01-01', interval_days: 365, certificate: 'C-1' },
          }),
        });
      }, devices[0].id);
      found = await ask(page, '/api/v1/sensors?state=overdue');
    }
    const [sensor] = found.sensors;
    const device = await ask(page, `/api/v1/devices/${sensor.device.id}/calibration`);
    assert.ok(device.overdue.some(({ register, to }) => register === sensor.register && to === null));

    await page.goto(`${url}/sensors?state=overdue`);
    await page.waitForSelector('.calibration-state.is-overdue', slow);
    await picture(page, 'sensors-overdue');
    await page.getByRole('button', { name: /打开/ }).first().click();
    await page.getByRole('button', { name: '登记检定' }).click();
    await page.getByLabel('检定日期').fill(new Date().toISOString().slice(0, 10));
    await page.getByLabel('检定周期').fill('730');
    await page.getByLabel('证书编号').fill('E2E-C-2');
    await page.getByRole('button', { name: '保存' }).click();
    await page.waitForSelector('dialog .calibration-state.is-valid', slow);
    assert.ok((await page.locator('dialog').innerText()).includes('E2E-C-2'));
    await picture(page, 'sensors-calibrated');
    const after_it = await ask(page, '/api/v1/sensors?state=overdue');
    assert.equal(after_it.total, found.total - 1);
  });

  it('fit a phone and are reached by keyboard', async () => {
    const { page } = await log_in(sizes.phone);
    await page.goto(`${url}/sensors`);
    await page.waitForSelector('.filters', slow);
    assert.ok(await fits(page));
    await picture(page, 'sensors-phone');
    await page.getByLabel('检定状态').focus();
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    assert.equal(focused, '导出 CSV');
  });
});

describe('what meters report', () => {
  it('is listed by kind as the platform has it', async () => {
    const { page } = await log_in(sizes.desktop);
    await page.goto(`${url}/sensors/conditions`);
    await page.waitForSelector('.filters', slow);
    for (const kind of ['', 'meter_battery_low']) {
      await page.getByLabel('种类').selectOption(kind);
      const { total } = await ask(page, `/api/v1/meter-conditions?kind=${kind}`);
      await page.waitForFunction((count) => document.querySelectorAll('tbody tr').length === Math.min(count, 50), total, slow);
      if (total > 0 && kind) assert.ok((await page.locator('tbody').innerText()).includes('电池电量低'));
    }
    await picture(page, 'conditions');
  });

  it('fits a phone', async () => {
    const { page } = await log_in(sizes.phone);
    await page.goto(`${url}/sensors/conditions`);
    await page.waitForSelector('.filters', slow);
    assert.ok(await fits(page));
    await picture(page, 'conditions-phone');
  });
});
