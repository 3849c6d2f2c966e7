// What a three-phase meter measures, phase by phase, and its many energies, on the page of the device; on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, until, url } from './world.mjs';

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const slow = { timeout: 120_000 };
const of_phases = (name) => ['a', 'b', 'c'].map((phase) => `${name}_${phase}`);
/** Register and unit; the power factor has none. */
const measured = [
  ...of_phases('voltage').map((name) => [name, 'V']),
  ...of_phases('current').map((name) => [name, 'A']),
  ...['power_active_total', ...of_phases('power_active')].map((name) => [name, 'kW']),
  ...['power_reactive_total', ...of_phases('power_reactive')].map((name) => [name, 'kvar']),
  ...['power_factor_total', ...of_phases('power_factor')].map((name) => [name, '']),
  ['frequency', 'Hz'],
];
const energies = [
  'active_import',
  'active_export',
  'reactive_combined_1',
  'reactive_combined_2',
  'reactive_quadrant_1',
  'reactive_quadrant_2',
  'reactive_quadrant_3',
  'reactive_quadrant_4',
  'apparent_import',
  'apparent_export',
].map((name) => `energy_${name}`);

let browser;
let page;
let faults;

const ask = (path, on = page) => on.evaluate(async (where) => (await fetch(where)).json(), path);
const fits = (on) => on.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
const readout = (name) => `.readout[data-register="${name}"]`;

/** A device of that model that has told everything, energies by tariff too. */
async function device_of(model) {
  const { devices } = await ask(`/api/v1/devices?model=${model}&page_size=50`);
  assert.ok(devices.length > 0, model);
  return until(async () => {
    const detail = await ask(`/api/v1/devices/${devices[0].id}`);
    const told = new Set(detail.registers.filter(({ latest }) => latest?.value != null).map(({ register }) => register));
    return told.has('frequency') && told.has('energy_apparent_export_tariff_4') && told.has('power_factor_c') && detail;
  }, `${model} has told all`);
}

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' }));
  await log_in(page);
});
after(async () => {
  await browser?.close();
});

describe('a three-phase meter', { concurrency: false }, () => {
  for (const model of ['dlt645-2007-three-phase', 'dlt698-three-phase']) {
    it(`of ${model} shows each quantity of each phase as the platform has it, and it changes by itself`, async () => {
      const { id } = await device_of(model);
      await page.goto(`${url}/devices/${id}`);
      await page.waitForSelector(readout('voltage_a'), slow);
      for (const [name, unit] of measured) {
        const shown = await page.textContent(readout(name));
        assert.match(shown, /-?\d/, `${model} ${name}`);
        if (unit) assert.ok(shown.includes(unit), `${model} ${name}: ${shown}`);
      }
      // Read together by one question, they come together.
      const voltage = () => page.getAttribute(`${readout('voltage_a')} time`, 'datetime');
      const first = await voltage();
      await until(async () => (await voltage()) !== first, `${model}: a newer voltage`);
      const { registers } = await ask(`/api/v1/devices/${id}`);
      const latest = new Map(registers.map((one) => [one.register, one.latest]));
      for (const phase of ['a', 'b', 'c']) {
        const volts = Number(latest.get(`voltage_${phase}`).value);
        assert.ok(volts > 180 && volts < 260, `${volts} V`);
      }
      const sum = ['a', 'b', 'c'].reduce((total, phase) => total + Number(latest.get(`power_active_${phase}`).value), 0);
      assert.ok(Math.abs(sum - Number(latest.get('power_active_total').value)) < 0.001, 'the phases add up');
    });

    it(`of ${model} has its energies by tariff behind a fold`, async () => {
      const { id } = await device_of(model);
      await page.goto(`${url}/devices/${id}`);
      await page.waitForSelector(readout('energy_reactive_quadrant_1_total'), slow);
      for (const name of energies) {
        await page.waitForSelector(readout(`${name}_total`), slow);
        assert.equal(await page.isVisible(readout(`${name}_tariff_2`)), false, name);
      }
      for (const plate of ['energy', 'energy_reactive', 'energy_apparent']) {
        await page.focus(`.plate-${plate} .plate-tariffs summary`);
        await page.keyboard.press('Enter');
      }
      for (const name of energies)
        for (const tariff of [1, 2, 3, 4]) {
          const shown = await page.textContent(readout(`${name}_tariff_${tariff}`));
          assert.match(shown, /\d+\.\d\d/, `${name} ${tariff}: ${shown}`);
        }
      await check_accessible(page, `energies of ${model}`);
      await take_picture(page, `phases_${model}`, { fullPage: true });
    });

    it(`of ${model} is usable on a phone`, async () => {
      const { id } = await device_of(model);
      const other = await new_page(browser, { viewport: phone, theme: 'light', language: 'zh-CN' });
      try {
        await log_in(other.page);
        await other.page.goto(`${url}/devices/${id}`);
        await other.page.waitForSelector(readout('energy_apparent_export_total'), slow);
        assert.ok(await fits(other.page), 'folded');
        await other.page.click('.plate-energy_reactive .plate-tariffs summary');
        assert.ok(await fits(other.page), 'unfolded');
        await check_accessible(other.page, `phases of ${model} on a phone`);
        await take_picture(other.page, `phases_${model}_phone`, { fullPage: true });
        assert.deepEqual(other.faults, []);
      } finally {
        await other.context.close();
      }
    });
  }

  it('met no fault in the browser', () => assert.deepEqual(faults, []));
});
