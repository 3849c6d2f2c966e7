// Reading success, missing devices and values under review, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, url } from './world.mjs';

const slow = { timeout: 60_000 };

let browser;
let page;
let faults;

const picture = (name) => take_picture(page, name, { fullPage: true });

const assert_accessible = (name, on = page) => check_accessible(on, name);

/** At the width of a phone nothing reaches beyond the page. */
async function assert_fits_a_phone(name) {
  await page.setViewportSize({ width: 390, height: 844 });
  const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await picture(`${name}-phone`);
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.ok(overhang <= 0, `${name}: ${overhang} px too wide`);
}

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser));
  await log_in(page);
});
after(() => browser.close());

describe('completeness', () => {
  const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);

  it('tells how much of the day came, and of whom not', async () => {
    await page.goto(`${url}/completeness?from=${today}&to=${today}&day=${today}`);
    await page.waitForSelector('table.data-table tbody tr', slow);
    const rates = await page.locator('table.data-table').first().locator('tbody tr').count();
    assert.ok(rates >= 1);
    await page.waitForSelector('text=/缺点数|Values missing|没有缺数|Nothing is missing/', slow);
    await picture('completeness');
    await assert_accessible('completeness');
    await assert_fits_a_phone('completeness');
  });

  it('groups by gateway', async () => {
    await page.selectOption('select >> nth=0', 'gateway');
    await page.waitForURL(/group=gateway/);
    await page.waitForSelector('table.data-table tbody tr', slow);
    assert.equal(new URL(page.url()).searchParams.get('day'), today);
  });

  it('shows what is under review, or that nothing is', async () => {
    await page.goto(`${url}/review`);
    await page.waitForSelector('table.data-table, .empty', slow);
    await picture('review');
    await assert_accessible('review');
    await assert_fits_a_phone('review');
    assert.deepEqual(faults, []);
  });
});
