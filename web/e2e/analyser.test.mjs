// The frame analyser seen through a browser. Needs a running platform, no meters:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder), DUHENG_CHROMIUM.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, screenshots, url } from './world.mjs';

const phone = { width: 390, height: 844 };

const question = '68 00 36 19 00 00 00 68 11 04 33 32 34 33 00 16';
const log = [
  '2026-11-21 12:00:01.123 [INFO] TX -> FE FE FE FE 68 00 36 19 00 00 00 68 11 04 33 32 34 33 00 16',
  '2026-11-21 12:00:01.456 [INFO] RX <- 68 00 36 19 00 00 00 68 91 18 33 32 34 33 63 69 33 33 89 35 33 33',
  '2026-11-21 12:00:01.478 [INFO] RX <- 4C 33 33 33 6B 33 33 33 4A 66 33 33 E9 16 55 AA',
  'meter answered',
  '2026-11-21 12:00:02.001 [INFO] TX -> 68 00 36 19 00 00 00 68 11 04 33 32 34 33 01 16',
].join('\n');

let browser;
let context;
let page;
let faults;
const sent = [];

async function picture(name) {
  if (!screenshots) return;
  await mkdir(screenshots, { recursive: true });
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
}

const assert_accessible = (name, on = page) => check_accessible(on, name);

async function assert_no_sideways(name) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${name} is ${over} px too wide`);
}

const items = () => page.locator('.analyser-item').allTextContents();
async function analyse(text) {
  await page.fill('.analyser-text', text);
  await page.click('.analyser-actions .button-main');
  await page.waitForSelector('.analyser-item');
}
const copied = () => page.evaluate(() => navigator.clipboard.readText());

before(async () => {
  browser = await launch();
  ({ context, page, faults } = await new_page(browser, { language: 'en' }));
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/analyser/')) sent.push(request.postDataJSON());
  });
  await log_in(page);
});
after(async () => {
  await browser?.close();
});

describe('the frame analyser', { concurrency: false }, () => {
  it('is found in the navigation, and begins empty', async () => {
    await page.click('.navigation a[href="/analyser"]');
    await page.waitForSelector('.analyser-text');
    assert.equal(await page.textContent('h1'), 'Frame analyser');
    await page.waitForSelector('.analyser-result .empty');
    await assert_accessible('empty');
    await picture('analyser-empty');
  });

  it('takes a log apart: directions, times, a frame cut in two, octets outside, a wrong checksum', async () => {
    await analyse(log);
    const rows = await items();
    assert.equal(rows.length, 4, rows.join('\n'));
    assert.match(rows[0], /valid.*dlt645.*000000193600.*sent · 2026-11-21 12:00:01.123 · line 1/);
    assert.match(rows[1], /valid.*received.*line 2–3/);
    assert.match(rows[2], /Octets outside frames.*55 AA/);
    assert.match(rows[3], /invalid.*checksum/);
    assert.match(await page.textContent('.analyser-skipped'), /Lines without octets: 1/);
    await assert_accessible('analysis');
    await picture('analyser-log');
  });

  it('links octets and fields, by pointer and by keyboard', async () => {
    const octets = page.locator('.octet-grid .octet');
    assert.equal(await octets.count(), 20);
    const address = page.locator('.field-table tbody tr', { hasText: 'address' }).first();
    await address.hover();
    assert.equal(await page.locator('.octet.is-active').count(), 6);
    await octets.first().focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-offset')), '1');
    const text = await page.textContent('.field-table');
    for (const part of ['0001FF00', 'plain 00 FF 01 00', 'DL/T 645-2007']) assert.ok(text.includes(part), part);
  });

  it('shows what is wrong, with what was due', async () => {
    await page.click('.analyser-item >> nth=3');
    await page.waitForSelector('.octet.is-fault');
    assert.match(await page.textContent('.octets-error'), /add up to 00/);
    assert.equal(await page.textContent('.octet.is-fault'), '01');
    await assert_accessible('fault');
    await picture('analyser-fault');
  });

  it('copies a frame as JSON, and all of them', async () => {
    await page.click('.analyser-item >> nth=1');
    await page.click('.analyser-copies button >> nth=0');
    await page.waitForFunction(() => /Copied/.test(document.querySelector('.analyser-copies')?.textContent ?? ''));
    const one = JSON.parse(await copied());
    assert.equal(one.valid, true);
    assert.equal(one.address, '000000193600');
    await page.click('.analyser-frames .panel-actions button');
    await page.waitForFunction(() => /Copied/.test(document.querySelector('.analyser-frames .panel-actions')?.textContent ?? ''));
    assert.deepEqual(
      JSON.parse(await copied()).map(({ valid }) => valid),
      [true, true, false],
    );
  });

  it('makes a link that carries the frame, of which nothing is sent before it is opened', async () => {
    await page.click('.analyser-copies button >> nth=1');
    await page.waitForFunction(() => /Copied/.test(document.querySelectorAll('.analyser-copies button')[1]?.textContent ?? ''));
    const link = await copied();
    assert.match(link, /\/analyser#hex=6800361900000068[0-9A-F]+&protocol=dlt645$/);
    const asked = [];
    const listen = (request) => asked.push(request.url());
    page.on('request', listen);
    await page.goto('about:blank');
    await page.goto(link);
    await page.waitForSelector('.octet-grid .octet');
    page.off('request', listen);
    assert.ok(asked.length > 0 && asked.every((one) => !one.includes('hex=')), 'the fragment stays in the browser');
    assert.match((await items())[0], /^✓?\s*valid|valid/);
    assert.equal(sent.at(-1).protocol, 'dlt645');
  });

  it('recognises each example it offers', async () => {
    await page.goto(`${url}/analyser`);
    await page.waitForSelector('.analyser-choices select >> nth=1');
    await page.waitForFunction(() => document.querySelectorAll('.analyser-choices select')[1].options.length > 1);
    const names = await page.$$eval('.analyser-choices select >> nth=1 >> option', (options) =>
      options.map(({ value }) => value).filter(Boolean),
    );
    assert.ok(names.includes('dlt645'), names.join());
    for (const name of names) {
      await page.goto(`${url}/analyser`);
      await page.waitForFunction(() => document.querySelectorAll('.analyser-choices select')[1]?.options.length > 1);
      await page.selectOption('.analyser-choices select >> nth=1', name);
      await page.waitForSelector('.analyser-item');
      for (const row of await items()) {
        assert.ok(!row.includes('invalid') && row.includes(name.split('/')[0]), `${name}: ${row}`);
      }
    }
  });

  it('reads a dropped file, and refuses one that is too large without sending it', async () => {
    await page.setInputFiles('.analyser-input input[type="file"]', {
      name: 'capture.log',
      mimeType: 'text/plain',
      buffer: Buffer.from(`TX ${question}\n`),
    });
    await page.waitForFunction(() => document.querySelectorAll('.analyser-item').length === 1);
    const before_large = sent.length;
    await page.setInputFiles('.analyser-input input[type="file"]', {
      name: 'large.log',
      mimeType: 'text/plain',
      buffer: Buffer.alloc((1 << 20) + 1, 0x20),
    });
    await page.waitForSelector('.analyser-note.is-fault');
    assert.equal(sent.length, before_large);
    await assert_accessible('too large');
  });

  it('says so when nothing was found', async () => {
    await page.fill('.analyser-text', 'nothing to see');
    await page.click('.analyser-actions .button-main');
    await page.waitForFunction(() => /No octets found/.test(document.querySelector('.analyser-result')?.textContent ?? ''));
  });

  it('takes thousands of frames, and tells how many are not shown', async () => {
    await page.setInputFiles('.analyser-input input[type="file"]', {
      name: 'long.log',
      mimeType: 'text/plain',
      buffer: Buffer.from(`${question}\n`.repeat(2_500)),
    });
    assert.match(await page.textContent('.analyser-beyond'), /2,000 are shown, 500 more/);
    await page.click('.analyser-item >> nth=1500');
    await page.waitForSelector('.octet-grid .octet');
  });

  it('builds a frame from a form', async () => {
    await page.click('.analyser-parts a >> nth=1');
    await page.waitForSelector('.build-form');
    await page.selectOption('.build select >> nth=0', 'dlt645');
    await page.selectOption('.build select >> nth=1', 'read');
    await page.fill('.build-field:has-text("Meter address") input', '193600');
    await page.fill('.build-field:has-text("Data identifier") input', '0001FF00');
    await page.fill('.build-field:has-text("Preamble") input', '0');
    await page.click('.build-form .button-main');
    await page.waitForSelector('.build-result .octet');
    assert.equal((await page.locator('.build-result .octet').allTextContents()).join(' '), question);
    await assert_accessible('build');
    await picture('analyser-build');
    await page.fill('.build-field:has-text("Meter address") input', '12X');
    await page.click('.build-form .button-main');
    await page.waitForSelector('.build-field .is-fault');
    await assert_accessible('refused');
  });

  it('hides passwords', async () => {
    await page.selectOption('.build select >> nth=1', 'clear_meter');
    await page.waitForSelector('.build-field input[type="password"]');
    assert.equal(
      await page.getAttribute('.build-field:has-text("Password") input[type="password"]', 'autocomplete'),
      'new-password',
    );
  });

  it('fits a phone, dark', async () => {
    await page.setViewportSize(phone);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.goto(`${url}/analyser`);
    await page.waitForSelector('.analyser-text');
    await analyse(log);
    await page.click('.analyser-item >> nth=3');
    await page.waitForSelector('.octet.is-fault');
    await assert_no_sideways('analyser');
    await assert_accessible('phone, dark');
    await picture('analyser-phone-dark');
    await page.goto(`${url}/analyser/build`);
    await page.waitForSelector('.build-form');
    await assert_no_sideways('build');
    await assert_accessible('build, phone, dark');
  });

  it('left no error in the console and asked nobody else', () => {
    assert.deepEqual(
      faults.filter((fault) => !/status of 400/.test(fault)),
      [],
    );
  });
});
