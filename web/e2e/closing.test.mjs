// Closing a household gas valve from afar (GB/T household rules 7.2.11), through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD, DUHENG_ACCESS (the demo's access file), DUHENG_PROGRAM (see people.mjs); optional
//   DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { make_user } from './people.mjs';
import { check_accessible, log_in, take_picture, url } from './world.mjs';

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const slow = { timeout: 120_000 };
const model = 'cjt188-gas-valve';

let browser;
let page;
let faults;
/** Two gas meters that answer: paths on the site. */
let paths;

const is_provoked = (fault) => /status of (400|403|409)/.test(fault);
const over = 'dialog .order-state:not(.order-queued, .order-handed_over, .order-waiting, .order-under_way)';

async function open_closing(path) {
  await page.goto(`${url}${path}/control`);
  await page.waitForSelector('.command-list');
  await page.click('.command-list .button >> text=关阀');
  await page.waitForSelector('dialog .field:has-text("原因") input');
}

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' }));
  await log_in(page);
  await page.goto(`${url}/devices?model=${model}&state=online`);
  await page.waitForSelector('.row-link >> nth=1', slow);
  paths = await page.$$eval('.row-link', (links) => links.slice(-2).map((link) => new URL(link.href).pathname));
});
after(async () => {
  await browser?.close();
});

describe('closing a gas valve', { concurrency: false }, () => {
  it('is not done without a reason', async () => {
    await open_closing(paths[0]);
    await page.click('dialog .form-actions .button-danger');
    await page.waitForSelector('dialog .is-fault, dialog [aria-invalid="true"]');
    assert.equal(await page.locator('dialog .dialog-text').count(), 0, 'no question whether it is meant');
  });

  it('offers what is usually the reason', async () => {
    const usual = await page.$$eval('dialog datalist option', (options) => options.map(({ value }) => value));
    assert.deepEqual(usual, ['燃气泄漏报警', '火灾', '盗用燃气', '欠费']);
    await check_accessible(page, 'closing');
    await take_picture(page, 'closing');
  });

  it('asks once more, closes, and reads back the state and what has gone through', async () => {
    await page.fill('dialog .field:has-text("原因") input', '燃气泄漏报警');
    await page.click('dialog .form-actions .button-danger');
    await page.waitForSelector('dialog .dialog-text');
    assert.match(await page.textContent('dialog'), /燃气泄漏报警/);
    await page.click('dialog .button-danger');
    await page.waitForSelector(over, slow);
    assert.match(await page.textContent('dialog .order-state'), /完成/);
    const read_back = await page.$$eval('dialog .frame-readings li', (rows) => rows.map(({ textContent }) => textContent));
    assert.equal(read_back.length, 2, read_back.join(' | '));
    assert.ok(
      read_back.every((row) => row.includes('回读')),
      read_back.join(' | '),
    );
    assert.match(read_back.join(' '), /m³|m3/);
    await page.click('dialog .order-frames summary');
    await page.waitForSelector('dialog .order-frame .octet');
    await take_picture(page, 'closing_done');
    await page.click('dialog .form-actions .button >> text=关闭');
  });

  it('stands in the operation log with its reason', async () => {
    await page.goto(`${url}/jobs/log`);
    await page.waitForSelector('.data-table tbody tr', slow);
    assert.match(await page.textContent('.data-table tbody'), /燃气泄漏报警/);
  });

  it('of several meters waits for a second person', async () => {
    const ids = paths.map((path) => Number(path.split('/')[2]));
    const made = await page.evaluate(async (device_ids) => {
      const answer = await fetch('/api/v1/jobs', {
        method: 'POST',
        headers: { 'X-Duheng-Request': '1', 'Content-Type': 'application/json' },
        body: JSON.stringify({ kind: 'command', name: 'valve_close', device_ids, reason: '火灾' }),
      });
      return answer.json();
    }, ids);
    assert.equal(made.state, 'awaiting_confirmation');
    await page.goto(`${url}/jobs/${made.id}`);
    await page.waitForSelector('h1');
    await page.waitForSelector('text=需要另一位运维员确认', slow);
    const refused = await page.evaluate(async (id) => {
      const answer = await fetch(`/api/v1/jobs/${id}/confirm`, { method: 'POST', headers: { 'X-Duheng-Request': '1' } });
      return answer.status;
    }, made.id);
    assert.equal(refused, 403, 'whoever made it is no second person');
    await take_picture(page, 'closing_of_several');
    const second = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' });
    await log_in(second.page, await make_user('operator'));
    await second.page.goto(`${url}/jobs/${made.id}`);
    await second.page.click('.button-danger', slow);
    await second.page.waitForSelector('.page-note .mark-ok', slow);
    const done = await second.page.textContent('.job-count:has-text("完成") .number');
    assert.equal(Number(done.replace(/\D/g, '')), 2);
    await second.context.close();
  });

  it('fits a phone, in English', async () => {
    const other = await new_page(browser, { viewport: phone, theme: 'dark', language: 'en' });
    await log_in(other.page);
    await other.page.goto(`${url}${paths[1]}/control`);
    await other.page.click('.command-list .button >> text=Close the valve');
    await other.page.waitForSelector('dialog datalist', { state: 'attached' });
    const usual = await other.page.$$eval('dialog datalist option', (options) => options.map(({ value }) => value));
    assert.deepEqual(usual, ['Leak alarm', 'Fire', 'Theft of gas', 'Arrears']);
    const wide = await other.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    await check_accessible(other.page, 'closing on a phone');
    await take_picture(other.page, 'phone_closing');
    await other.context.close();
  });

  it('has met no fault of the page', () => {
    assert.deepEqual(
      faults.filter((fault) => !is_provoked(fault)),
      [],
    );
  });
});
