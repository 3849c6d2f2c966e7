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
    // A device that shows a voltage now.
    const { devices } = await ask(page, '/api/v1/devices?state=online&page_size=100');
    let shown;
    for (const { id } of devices) {
      if (shown) break;
      const { registers } = await ask(page, `/api/v1/devices/${id}`);
      if (registers.some(({ register, latest }) => register === 'voltage_a' && latest)) shown = id;
    }
    assert.ok(shown, 'a device with a voltage');
    const of_device = `/api/v1/sensors?state=overdue&device_id=${shown}`;
    if ((await ask(page, of_device)).total === 0) {
      await page.evaluate(async (device_id) => {
        await fetch('/api/v1/sensors', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Duheng-Request': '1' },
          body: JSON.stringify({
            device_id,
            register: 'voltage_a',
            from: '2020-01-01T00:00:00Z',
            quantity: 'voltage',
            serial_number: `E2E-${Date.now()}`,
            calibration: { on: '2020-01-01', interval_days: 365, certificate: 'C-1' },
          }),
        });
      }, shown);
    }
    const found = await ask(page, '/api/v1/sensors?state=overdue');
    const [sensor] = (await ask(page, of_device)).sensors;
    const device = await ask(page, `/api/v1/devices/${sensor.device.id}/calibration`);
    assert.ok(device.overdue.some(({ register, to }) => register === sensor.register && to === null));

    // The mark stands on the live value, in the series and in the chart.
    await page.goto(`${url}/devices/${sensor.device.id}`);
    await page.waitForSelector('.overdue-mark', slow);
    const detail = await ask(page, `/api/v1/devices/${sensor.device.id}`);
    const register = sensor.register || detail.registers[0].register;
    const { series_id } = detail.registers.find((one) => one.register === register);
    const { readings } = await ask(page, `/api/v1/series/${series_id}/readings?limit=5`);
    assert.ok(readings.length > 0 && readings.every(({ past_calibration }) => past_calibration === true));
    await page.goto(`${url}/devices/${sensor.device.id}?register=${register}`);
    await page.waitForSelector('.overdue-mark', slow);
    await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight / 2));
    await page.waitForSelector('.curve-chart[data-past-calibration]', slow);
    await page.locator('.curve-chart').scrollIntoViewIfNeeded();
    await picture(page, 'sensors-overdue-chart');

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
