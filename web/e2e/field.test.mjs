// What is asked of devices, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD, DUHENG_ACCESS (the demo's access file); optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, read_access, take_picture, url } from './world.mjs';

const { gateway, spare } = await read_access();
const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
/** The demo's DL/T 645 meters: level and digits, as installers type it. */
const meter_password = '123456';
const slow = { timeout: 30_000 };

let browser;
let page;
let faults;

const picture = (name, of = page) => take_picture(of, name);

const assert_accessible = (name, on = page) => check_accessible(on, name);

const is_provoked = (fault) => /status of (400|401|403|404|409)/.test(fault);

/** The first device of that model that answers. */
async function open_device(model, part) {
  await page.goto(`${url}/devices?model=${model}&state=online`);
  await page.waitForSelector('.row-link', slow);
  const path = new URL(await page.getAttribute('.row-link >> nth=0', 'href'), url).pathname;
  await page.goto(`${url}${path}/${part}`);
  return path;
}

const state_in = (selector) => page.textContent(`${selector} .order-state`);

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' }));
  await log_in(page);
});
after(async () => {
  await browser?.close();
});

describe('the field seen from the desk', { concurrency: false }, () => {
  it('lists the device models and opens one', async () => {
    await page.goto(`${url}/models`);
    await page.waitForSelector('.data-table tbody tr');
    assert.ok((await page.locator('.data-table tbody tr').count()) >= 16);
    await assert_accessible('models');
    await picture('models');
    await page.click('.row-link >> nth=0');
    await page.waitForSelector('.code-block');
    assert.match(await page.textContent('.code-block'), /^#|model:/);
    await assert_accessible('model');
  });

  it('reads a register of a meter on demand, with the frames', async () => {
    await open_device('dlt645-2007-single-phase', 'control');
    await page.click('[aria-label="读取A 相电压"]');
    await page.waitForSelector('.register-list .order-done', slow);
    assert.match(await page.textContent('.register-list .order-result'), /2\d\d\.\d V/);
    await page.click('.register-list .order-frames summary');
    await page.waitForSelector('.order-frames .octet');
    const frames = await page.textContent('.register-list .order-frames');
    assert.match(frames, /问：下发报文.*答：上行报文/s, 'what was sent and what came back');
    await picture('read_on_demand');
    await page.locator('.order-frames summary').first().click();
    await assert_accessible('control');
  });

  it('reads on demand over every protocol', async () => {
    for (const model of [
      'dlt698-single-phase',
      'cjt188-cold-water',
      'cjt188-heat-2018',
      'modbus-three-phase-meter',
      'modbus-heat-station',
    ]) {
      await open_device(model, 'control');
      await page.click('.register-group header .button >> nth=0');
      await page.waitForSelector(
        '.register-group .order-state:not(.order-queued, .order-handed_over, .order-waiting, .order-under_way)',
        slow,
      );
      assert.match(await state_in('.register-group'), /完成/, model);
    }
  });

  it('is refused a command with a wrong password, and the meter says so', async () => {
    await open_device('dlt645-2007-single-phase', 'control');
    await page.click('.command-list .button:has-text("报警") >> nth=0');
    await page.fill('dialog input[type="password"]', '999999');
    await page.click('dialog .form-actions .button >> nth=0');
    await page.waitForSelector('dialog .order-refused', slow);
    assert.match(await page.textContent('dialog .order-result'), /密码不对/);
    await page.click('dialog .form-actions .button >> text=关闭');
  });

  it('disconnects a customer only in two steps, and sees by the read-back that it was done', async () => {
    await page.click('.command-list .button >> text=/拉闸|跳闸/');
    await page.fill('dialog .field:has-text("原因") input', '欠费停电，工单 1021');
    await page.fill('dialog input[type="password"]', meter_password);
    await page.click('dialog .form-actions .button-danger');
    await page.waitForSelector('dialog .dialog-text');
    await assert_accessible('confirm');
    await picture('confirm');
    await page.click('dialog .button-danger');
    await page.waitForSelector('dialog .order-state:not(.order-queued, .order-handed_over, .order-waiting, .order-under_way)', {
      timeout: 120_000,
    });
    assert.match(await state_in('dialog'), /完成/);
    assert.match(await page.textContent('dialog .order-result'), /回读/);
    await picture('relay_tripped');
    await page.click('dialog .form-actions .button >> text=关闭');
  });

  it('writes a parameter and reads it back', async () => {
    const form = page.locator('.parameter-form').first();
    await form.locator('input').first().fill('1500');
    const secret = form.locator('input[type="password"]');
    if ((await secret.count()) > 0) await secret.fill(meter_password);
    await form.locator('button[type="submit"]').click();
    await form.locator('.order-state:not(.order-queued, .order-handed_over, .order-waiting, .order-under_way)').waitFor(slow);
    assert.match(await form.locator('.order-result').textContent(), /完成.*回读/s);
  });

  it('fetches the load profile of a day out of the meter', async () => {
    await page.selectOption('.panel:has-text("历史数据") select', { index: 0 });
    await page.click('.panel:has-text("历史数据") .form-actions .button');
    await page.waitForSelector('.panel:has-text("历史数据") .order-done', { timeout: 120_000 });
    assert.ok((await page.locator('.panel:has-text("历史数据") .frame-readings li').count()) > 10);
  });

  it('follows the frames of a device, filters and explains one', async () => {
    await open_device('dlt645-2007-three-phase', 'trace');
    await page.waitForSelector('.trace-received', { timeout: 60_000 });
    await page.selectOption('.filters select', 'received');
    await page.waitForFunction(() => document.querySelectorAll('.trace-sent').length === 0);
    await page.click('.panel-actions .button >> nth=0');
    await page.click('.trace-received button >> nth=0');
    await page.waitForSelector('.trace-explained .octet', slow);
    await picture('trace');
    await assert_accessible('trace');
    const download = page.waitForEvent('download');
    await page.click('.panel-actions .button >> nth=1');
    const file = await readFile(await (await download).path(), 'utf8');
    assert.match(file, /RX .*68 /);
  });

  it('shows how the line of a device has been', async () => {
    await open_device('dlt645-2007-three-phase', 'connection');
    await page.waitForSelector('.mark-ok', slow);
    assert.match(await page.textContent('.panel:has-text("通信质量")'), /成功率/);
    await assert_accessible('connection');
    await picture('connection');
  });

  it('adds a device by hand, and it is read', async () => {
    const wanted = spare.find(({ model }) => model === 'cjt188-hot-water');
    await page.goto(`${url}/onboarding`);
    await page.waitForSelector('.form');
    await assert_accessible('onboarding');
    await page.selectOption('.field:has-text("型号") select', wanted.model);
    await page.fill('.field:has-text("表地址") input', wanted.address);
    await page.selectOption('.field:has-text("网关") select', { label: gateway });
    await page.waitForSelector('.field:has-text("通道") select');
    await page.selectOption('.field:has-text("通道") select', wanted.channel);
    await page.click('.form-actions .button-main');
    await page.click('.onboarding-made a', slow);
    await page.waitForSelector('.readout', { timeout: 120_000 });
    await picture('added_by_hand');
  });

  it('finds what is wrong in a file of devices before anything is made', async () => {
    await page.goto(`${url}/onboarding/file`);
    await page.waitForSelector('.drop-place');
    await assert_accessible('import');
    const download = page.waitForEvent('download');
    await page.click('a[download]');
    const template = await readFile(await (await download).path(), 'utf8');
    const [head, example] = template.replace(/^\ufeff/, '').split(/\r?\n/);
    const path = join(tmpdir(), `duheng-import-${process.pid}.csv`);
    await writeFile(path, `${head}\n${example}\n${'x,'.repeat(head.split(',').length - 1)}x\n`);
    await page.setInputFiles('input[type="file"]', path);
    await page.waitForSelector('.import-errors-head', slow);
    assert.ok((await page.locator('.data-table tbody tr').count()) >= 1);
    await picture('import_errors');
  });

  it('adopts a meter that called in', async () => {
    await page.goto(`${url}/onboarding/called-in`);
    await page.waitForSelector('.data-table input[type="checkbox"]', { timeout: 90_000 });
    await assert_accessible('called in');
    await picture('called_in');
    const address = (await page.textContent('.data-table tbody tr >> nth=0 >> .mono')).trim();
    await page.check('.data-table input[type="checkbox"] >> nth=0');
    await page.selectOption('.field:has-text("型号") select', 'cjt188-gas-valve');
    await page.click('.form-actions .button-main');
    await page.waitForFunction((gone) => !document.body.textContent?.includes(gone), address, slow);
    await page.goto(`${url}/devices?search=${address}`);
    await page.click('.row-link >> nth=0', slow);
    await page.waitForSelector('.readout', { timeout: 120_000 });
  });

  it('shows a gateway with its channels', async () => {
    await page.goto(`${url}/gateways`);
    await page.click(`.data-table a:has-text("${gateway}")`);
    await page.waitForSelector('.data-table tbody tr:nth-child(6)', slow); // of its channels
    await assert_accessible('gateway');
    await picture('gateway');
  });

  it('reads many meters by one job, with a result for each', async () => {
    await page.goto(`${url}/jobs/new`);
    await page.waitForSelector('.register-choices');
    await page.selectOption('.field:has-text("型号") select', 'dlt645-2007-single-phase');
    await page.check('.register-choices label:has-text("A 相电压") input');
    await assert_accessible('new job');
    await page.click('.form-actions .button-main', slow);
    await page.waitForSelector('.job-count', slow);
    await page.waitForSelector('.page-note .mark-ok', { timeout: 120_000 });
    const done = Number((await page.textContent('.job-count:has-text("完成") .number')).replace(/\D/g, ''));
    assert.ok(done > 100, `${done} of the meters were read`);
    await assert_accessible('job');
    await picture('job');
  });

  it('fits a phone, in English and in the dark', async () => {
    const other = await new_page(browser, { viewport: phone, theme: 'dark', language: 'en' });
    await log_in(other.page);
    for (const path of [
      '/models',
      '/jobs',
      '/jobs/new',
      '/onboarding',
      '/onboarding/file',
      '/onboarding/called-in',
      '/gateways/1',
      '/devices/1/control',
      '/devices/1/connection',
      '/devices/1/trace',
    ]) {
      await other.page.goto(`${url}${path}`);
      await other.page.waitForSelector('h1');
      await other.page.waitForTimeout(700);
      const over = await other.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${path} is ${over} px too wide`);
      await assert_accessible(path, other.page);
      await picture(`phone${path.replaceAll('/', '_')}`, other.page);
    }
    await other.context.close();
  });

  it('has met no fault of the page', () => {
    assert.deepEqual(
      faults.filter((fault) => !is_provoked(fault)),
      [],
    );
  });
});
