// The whole product seen through a browser. Needs a running system:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder), DUHENG_DEVICES (at least so many, 1000),
//   DUHENG_LIVE_SECONDS (within which a value must change by itself, 90), DUHENG_CHROMIUM.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, password, screenshots, url, user } from './world.mjs';

const devices_min = Number(process.env.DUHENG_DEVICES ?? 1000);
const live_ms = Number(process.env.DUHENG_LIVE_SECONDS ?? 90) * 1000;
const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };

let browser;
let context;
let page;
let faults;

async function picture(name, of = page) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await of.evaluate(() => window.scrollTo(0, 0));
  await of.screenshot({ path: `${screenshots}/${name}.png` });
}

async function log_in(on, secret = password) {
  await on.fill('input[name="name"]', user);
  await on.fill('input[name="password"]', secret);
  await on.click('button[type="submit"]');
}

const assert_accessible = (name, on = page) => check_accessible(on, name);

async function assert_no_sideways(name, on = page) {
  const over = await on.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${name} is ${over} px too wide`);
}

/** What the browser reports by itself for answers that a test provokes. */
const is_provoked = (fault) => /status of (401|403|404|429)/.test(fault);

before(async () => {
  browser = await launch();
  ({ context, page, faults } = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' }));
});
after(async () => {
  await browser?.close();
});

describe('a working day', { concurrency: false }, () => {
  it('asks a stranger to log in, whatever address was wanted', async () => {
    await page.goto(`${url}/devices`);
    await page.waitForSelector('form.login-form');
    assert.match(page.url(), /\/login\?next=%2Fdevices$/);
    assert.equal(await page.getAttribute('html', 'lang'), 'zh-CN');
    await assert_accessible('login');
    await picture('login');
  });

  it('refuses a wrong password in words', async () => {
    await log_in(page, `${password}-wrong`);
    await page.waitForFunction(() => document.querySelector('.login-failure')?.textContent);
    assert.match(await page.textContent('.login-failure'), /用户名或密码不对/);
    assert.equal(await page.inputValue('input[name="password"]'), '');
  });

  it('logs in and goes on to where one wanted to be', async () => {
    await log_in(page);
    await page.waitForSelector('.device-table tbody tr');
    assert.equal(new URL(page.url()).pathname, '/devices');
  });

  it('lists every meter, page by page', async () => {
    const total = Number((await page.textContent('.page-note')).replace(/\D/g, ''));
    assert.ok(total >= devices_min, `${total} meters`);
    assert.equal(await page.locator('.device-table tbody tr').count(), 50);
    const first = await page.textContent('.row-link >> nth=0');
    await page.click('.pager-number >> text="2"');
    await page.waitForFunction((name) => document.querySelector('.row-link')?.textContent !== name, first);
    assert.equal(new URL(page.url()).searchParams.get('page'), '2');
    await page.goBack();
    await page.waitForFunction((name) => document.querySelector('.row-link')?.textContent === name, first);
    await page.waitForSelector('.live-live');
    await assert_accessible('devices');
    await picture('devices');
  });

  it('finds a meter by its address', async () => {
    const address = await page.textContent('.device-table tbody tr >> nth=3 >> .mono');
    await page.fill('.filter-search input', address);
    await page.waitForFunction(() => document.querySelectorAll('.device-table tbody tr').length === 1);
    assert.equal(await page.textContent('.device-table tbody tr .mono'), address);
    assert.equal(new URL(page.url()).searchParams.get('search'), address);
  });

  it('says so when nothing matches, and offers a way out', async () => {
    await page.fill('.filter-search input', 'no such meter');
    await page.waitForSelector('.empty');
    await page.click('.empty button');
    await page.waitForSelector('.device-table tbody tr');
  });

  it('shows a meter with values that change by themselves', async () => {
    await page.goto(`${url}/devices?state=online&sort=-last_reading`);
    await page.click('.row-link >> nth=0');
    await page.waitForSelector('.readout');
    await page.waitForSelector('.live-live');
    const times = () => page.$$eval('.readout time', (found) => found.map((time) => time.dateTime).join());
    const before_ms = Date.now();
    const first = await times();
    await page.waitForFunction(
      (seen) => [...document.querySelectorAll('.readout time')].map((time) => time.dateTime).join() !== seen,
      first,
      { timeout: live_ms },
    );
    console.log(`a value changed after ${((Date.now() - before_ms) / 1000).toFixed(1)} s`);
    await page.evaluate(() => document.querySelector('.history')?.scrollIntoView());
    await page.waitForSelector('.strips li');
    await page.evaluate(() => window.scrollTo(0, 0));
    await assert_accessible('device');
    await picture('device');
  });

  it('draws the curve, and gives it as a table', async () => {
    await page.waitForSelector('.curve-chart[data-points]');
    const points = Number(await page.getAttribute('.curve-chart', 'data-points'));
    assert.ok(points > 0, 'the curve has no points');
    await page.waitForSelector('.curve-chart svg path', { state: 'attached' });
    for (const span of ['周', '月', '年', '日']) {
      await page.click(`.curve-controls .ant-segmented-item >> text="${span}"`);
      await page.waitForSelector('.curve-chart svg path', { state: 'attached' });
    }
    await page.click('.curve-panel .panel-actions button');
    await page.waitForSelector('.curve-table tbody tr');
    await page.click('.curve-panel .panel-actions button');
    await page.waitForSelector('.curve-chart');
  });

  it('leads from a value to the frame that carried it', async () => {
    const value = await page.textContent('.readout-value .figure >> nth=0');
    await page.click('.readout-value >> nth=0');
    const grid = page.locator('.frame-drawer .octet-grid >> nth=0');
    await grid.waitFor();
    const octets = await grid.locator('.octet').allTextContents();
    assert.ok(octets.length >= 12 && octets.every((octet) => /^[0-9A-F]{2}$/.test(octet)), octets.join(' '));
    assert.equal(octets.at(-1), '16');
    const readings = (await page.locator('.frame-drawer .frame-reading-value').allTextContents()).join(' ');
    assert.ok(readings.includes(value), `${readings} does not hold ${value}`);
    const fields = page.locator('.frame-drawer .octets >> nth=0 >> .field-table tbody tr');
    assert.ok((await fields.count()) >= 6);
    await page.waitForTimeout(400);
    await fields.nth(2).hover();
    assert.ok((await grid.locator('.octet.is-active').count()) >= 1);
    await grid.locator('.octet').first().hover();
    assert.equal(await fields.nth(0).getAttribute('class'), 'is-active');
    await assert_accessible('frame');
    await picture('frame');
  });

  it('has an address for the frame, and gives the keyboard back on closing', async () => {
    const frame = new URL(page.url()).searchParams.get('frame');
    assert.match(frame, /^\d{1,19}$/);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.frame-drawer .octet-grid', { state: 'detached' });
    assert.ok(await page.evaluate(() => document.activeElement?.classList.contains('readout-value')));
    await page.goto(`${url}/frames/${frame}`);
    await page.waitForSelector('.octet-grid .octet');
    await page.focus('.octet-grid .octet >> nth=0');
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-offset')), '1');
  });

  for (const [path, name, selector] of [
    ['/', 'overview', '.state-counts'],
    ['/gateways', 'gateways', '.data-table'],
    ['/sources', 'sources', '.data-table, .empty'],
    ['/status', 'status', '.components'],
    ['/no-such-page', 'not_found', '.empty'],
  ]) {
    it(`shows ${name}`, async () => {
      await page.goto(url + path);
      await page.waitForSelector(selector);
      await assert_accessible(name);
      await picture(name);
    });
  }

  it('speaks English and turns dark, and remembers both', async () => {
    await page.click('.account-opener');
    await page.click('.account-card .language-switch');
    await page.waitForSelector('html[lang="en"]');
    await page.click('.account-card .theme-switch label >> nth=1');
    await page.waitForSelector('html[data-theme="dark"]');
    await page.goto(`${url}/devices`);
    await page.waitForSelector('.device-table tbody tr');
    assert.match(await page.textContent('h1'), /Meters/);
    assert.equal(await page.getAttribute('html', 'data-theme'), 'dark');
    await assert_accessible('devices, dark');
    await picture('devices-dark-en');
    await page.click('.row-link >> nth=0');
    await page.waitForSelector('.page-header h1');
    await page.waitForSelector('.identity');
    await assert_accessible('device, dark');
    await picture('device-dark-en');
  });

  it('fits a phone', async () => {
    await page.setViewportSize(phone);
    for (const path of ['/', '/devices', new URL(page.url()).pathname, '/gateways', '/status']) {
      await page.goto(url + path);
      await page.waitForSelector('.page-header h1');
      await page.waitForLoadState('networkidle').catch(() => undefined);
      await assert_no_sideways(path);
    }
    await picture('status-phone-dark-en');
    await page.goto(`${url}/devices`);
    await page.waitForSelector('.device-table tbody tr');
    await picture('devices-phone-dark-en');
    await page.setViewportSize(desktop);
  });

  it('changes the password, which ends the sessions elsewhere', async () => {
    const elsewhere = await new_page(browser, { viewport: desktop, language: 'en' });
    await elsewhere.page.goto(`${url}/login`);
    await log_in(elsewhere.page);
    await elsewhere.page.waitForSelector('.navigation');
    await page.click('.account-opener');
    await page.click('.account-password');
    const change = async (from, to) => {
      await page.fill('input[name="old_password"]', from);
      await page.fill('input[name="new_password"]', to);
      await page.fill('input[name="repeated"]', to);
      await page.click('.password-form button[type="submit"]');
    };
    await change(password, 'too short');
    assert.match(await page.textContent('.password-form'), /At least 12 characters are needed/);
    await change(`${password}-wrong`, 'a password for an hour');
    await page.waitForFunction(() => /old password is wrong/.test(document.querySelector('.login-failure')?.textContent ?? ''));
    await assert_accessible('password');
    await picture('password-dark-en');
    await change(password, 'a password for an hour');
    await page.waitForFunction(() => document.querySelector('.password-done')?.textContent);
    // This session goes on, with a new cookie; the other one is over.
    await page.goto(`${url}/devices`);
    await page.waitForSelector('.device-table tbody tr');
    await elsewhere.page.goto(`${url}/gateways`);
    await elsewhere.page.waitForSelector('form.login-form');
    await log_in(elsewhere.page);
    await elsewhere.page.waitForFunction(() => document.querySelector('.login-failure')?.textContent);
    await elsewhere.context.close();
    await page.goto(`${url}/password`);
    await change('a password for an hour', password);
    await page.waitForFunction(() => document.querySelector('.password-done')?.textContent);
  });

  it('logs out, and the session is gone', async () => {
    await page.click('.account-opener');
    await page.click('.account-out');
    await page.waitForSelector('form.login-form');
    assert.equal(new URL(page.url()).pathname, '/login');
    const { status } = await context.request.get(`${url}/api/v1/devices`).then((response) => ({ status: response.status() }));
    assert.equal(status, 401);
  });

  it('left no error in the console and asked nobody else', () => {
    assert.deepEqual(
      faults.filter((fault) => !is_provoked(fault)),
      [],
    );
  });
});
