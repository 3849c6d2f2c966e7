// Meters behind a carrier module, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD, DUHENG_ACCESS (the demo's access file); optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient } from './api_client.mjs';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, read_access, take_picture, until, url } from './world.mjs';

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const slow = { timeout: 60_000 };
const line = 'dlt698-single-phase-carrier-0';
const added = `plc-${process.pid}`;

let api;
let browser;
let page;
let faults;
let gateway_id;
const channels = async () => (await api.get(`/api/v1/gateways/${gateway_id}/plan`)).channels;

before(async () => {
  const access = await read_access();
  api = new ApiClient(access);
  await api.log_in();
  gateway_id = (await api.get('/api/v1/gateways')).gateways.find(({ name }) => name === access.gateway).id;
  browser = await launch();
  ({ page, faults } = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' }));
  await log_in(page);
});
after(async () => {
  await browser?.close();
  api?.close();
});

describe('a carrier module at the end of a channel', { concurrency: false }, () => {
  it('is shown with its meters, which are read', async () => {
    const found = await until(async () => (await channels()).find(({ name, open }) => name === line && open), 'the line is open');
    assert.equal(found.kind, 'carrier_serial');
    assert.equal(found.devices, 8);
    await page.goto(`${url}/gateways/${gateway_id}`);
    await page.waitForSelector(`td:has-text("${line}")`, slow);
    const row = await page.textContent(`tr:has(td:has-text("${line}"))`);
    assert.match(row, /载波模块（串口）/);
    await take_picture(page, 'carrier_line', { fullPage: true });
  });

  it('is added with a channel', async () => {
    await page.click('.button >> text=添加通道');
    await page.fill('dialog .field:has-text("通道名称") input', added);
    await page.selectOption('dialog .field:has-text("通道种类") select', 'serial');
    await page.fill('dialog .field:has-text("串口") input', '/dev/ttyS77');
    await page.selectOption('dialog .field:has-text("通道末端") select', 'broadband');
    await page.fill('dialog .field:has-text("主节点地址") input', '12x');
    await page.click('dialog .form-actions .button-main');
    await page.waitForSelector('dialog .field-note.is-fault', slow);
    await check_accessible(page, 'carrier module');
    await take_picture(page, 'carrier_added');
    await page.fill('dialog .field:has-text("主节点地址") input', '000000000007');
    await page.click('dialog .form-actions .button-main');
    await until(async () => (await channels()).find(({ name }) => name === added), 'the channel is planned');
    const planned = (await channels()).find(({ name }) => name === added);
    assert.equal(planned.kind, 'carrier_serial');
  });

  it('fits a phone', async () => {
    const { page: small } = await new_page(browser, { viewport: phone, theme: 'light', language: 'zh-CN' });
    await log_in(small);
    await small.goto(`${url}/gateways/${gateway_id}`);
    await small.waitForSelector(`text=${line}`, slow);
    assert.ok(await small.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await take_picture(small, 'carrier_line_phone', { fullPage: true });
    await small.close();
  });

  it('shows no faults', () => {
    assert.deepEqual(
      faults.filter((fault) => !/status of (400|403|409)/.test(fault)),
      [],
    );
  });
});
