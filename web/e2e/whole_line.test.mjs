// A whole serial line set to another speed and back, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD, DUHENG_ACCESS (the demo's access file), DUHENG_PROGRAM (see people.mjs); optional
//   DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ApiClient } from './api_client.mjs';
import { launch, new_page } from './browser.mjs';
import { start_fleet } from './own_fleet.mjs';
import { check_accessible, log_in, read_access, take_picture, until, url } from './world.mjs';

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const slow = { timeout: 120_000 };
const count = 4;
const channel = `line-${process.pid}`;

let api;
let browser;
let page;
let faults;
let fleet;
let gateway_id;
/** Of the meters on the line. */
const ids = [];

const is_provoked = (fault) => /status of (400|403|409)/.test(fault);
const fits = (on) => on.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
const of_device = (id, part = '') => api.get(`/api/v1/devices/${id}${part}`);
const planned = async () => (await api.get(`/api/v1/gateways/${gateway_id}/plan`)).channels.find(({ name }) => name === channel);

/** Orders it at one meter for all of them, and goes to the job. */
async function order_speed(on, id, speed) {
  await on.goto(`${url}/devices/${id}/control`);
  await on.click('.command-list .button >> text=更改通信速率');
  await on.selectOption('dialog .field:has-text("通信速率") select', `${speed}`);
  await on.selectOption('dialog .field:has-text("范围") select', { label: '整条线路上的全部表计' });
  await check_accessible(on, 'speed of a line');
  await take_picture(on, `line_speed_${speed}`);
  await on.click('dialog .form-actions .button-main');
  await on.waitForSelector('dialog .order-state', slow);
  await on.click('dialog .form-actions .button >> text=关闭');
  await on.goto(`${url}/jobs`);
  await on.click('.data-table .row-link >> nth=0', slow);
  await on.waitForSelector('h1:has-text("更改通信速率")', slow);
  await on.waitForSelector('.page-note .mark-ok', slow);
}
/** What stands there of each meter: its name and what became of its order. */
const results = (on) =>
  on.$$eval('.data-table tbody tr', (rows) =>
    rows.map((row) => ({ name: row.querySelector('.row-link').textContent, text: row.textContent })),
  );
/** Each meter of the line has its own row, and it is done. */
async function expect_all_done(on) {
  await on.waitForFunction((wanted) => document.querySelectorAll('.data-table tbody .order-done').length === wanted, count, slow);
  const rows = await results(on);
  const addresses = fleet.meters.map(({ address }) => address);
  assert.deepEqual(rows.map(({ name }) => name.trim()).sort(), addresses.sort());
  for (const { text } of rows) assert.match(text, /完成/);
}
/** The line is planned at that speed, and each of its meters has answered since. */
async function expect_read_at(speed) {
  await until(async () => (await planned())?.detail.includes(` ${speed} `), `the plan has the line at ${speed}`);
  const since = new Date().toISOString();
  for (const id of ids)
    await until(async () => {
      const { state } = await of_device(id, '/connection');
      return state?.answering && state.last_answer_at > since;
    }, `meter ${id} answers at ${speed}`);
}

before(async () => {
  const access = await read_access();
  api = new ApiClient(access);
  await api.log_in();
  fleet = await start_fleet(count);
  assert.equal(fleet.meters.length, count);
  gateway_id = (await api.get('/api/v1/gateways')).gateways.find(({ name }) => name === access.gateway).id;
  await api.post(`/api/v1/gateways/${gateway_id}/channels`, {
    name: channel,
    kind: 'serial',
    device: fleet.line,
    baud: 9600,
    data_bits: 8,
    parity: 'even',
    stop_bits: 1,
  });
  for (const { address, model } of fleet.meters)
    ids.push((await api.post('/api/v1/devices', { address, model, gateway_id, channel })).id);
  browser = await launch();
  ({ page, faults } = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' }));
  await log_in(page);
});
after(async () => {
  await browser?.close();
  for (const id of ids) await api.post(`/api/v1/devices/${id}/retire`);
  api?.close();
  await fleet?.stop();
});

describe('a whole line to another speed', { concurrency: false }, () => {
  it('is ordered at one of its meters, and each meter has its result', async () => {
    await expect_read_at(9600);
    await order_speed(page, ids[1], 19200);
    await expect_all_done(page);
    await check_accessible(page, 'job of a line');
    await take_picture(page, 'line_speed_job', { fullPage: true });
  });

  it('is read at that speed from then on', async () => {
    await expect_read_at(19200);
    await page.goto(`${url}/gateways/${gateway_id}`);
    await page.waitForSelector(`.data-table tr:has-text("${channel}"):has-text("19200")`, slow);
  });

  it('is set back from a phone', async () => {
    const other = await new_page(browser, { viewport: phone, theme: 'light', language: 'zh-CN' });
    try {
      await log_in(other.page);
      await order_speed(other.page, ids[0], 9600);
      await expect_all_done(other.page);
      assert.ok(await fits(other.page), 'the job fits a phone');
      await check_accessible(other.page, 'job of a line on a phone');
      await take_picture(other.page, 'line_speed_job_phone', { fullPage: true });
      assert.deepEqual(other.faults, []);
    } finally {
      await other.context.close();
    }
    await expect_read_at(9600);
  });

  it('is refused with the reason where the line stands in the file of its gateway', async () => {
    const { devices } = await api.get('/api/v1/devices?model=dlt645-2007-single-phase&page_size=200');
    const connections = await Promise.all(devices.map(({ id }) => of_device(id, '/connection')));
    const on_file = connections.find(({ channel: of, from_plan }) => of === 'serial-0' && !from_plan);
    await order_speed(page, on_file.device_id, 19200);
    await page.waitForSelector('.data-table .order-refused', slow);
    assert.match(await page.textContent('.data-table tbody'), /线路写在网关自己的配置文件里，请在那里更改/);
    await take_picture(page, 'line_speed_of_file');
  });

  it('met no fault in the browser', () => {
    assert.deepEqual(
      faults.filter((fault) => !is_provoked(fault)),
      [],
    );
  });
});
