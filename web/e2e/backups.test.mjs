// The page of backups through a browser, on a running demo world, whose platform has a place for them:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder).
//   DUHENG_WITHOUT_BACKUP_PLACE=1 for a platform that has none.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, url } from './world.mjs';

const has_place = process.env.DUHENG_WITHOUT_BACKUP_PLACE === undefined; // the demo has one
const slow = { timeout: 60_000 };

let browser;
let page;
let faults;

const picture = (name, of = page) => take_picture(of, name, { fullPage: true });

const assert_accessible = (name, on = page) => check_accessible(on, name);

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser));
  await log_in(page);
});
after(() => browser.close());

describe('backups', () => {
  it('are found from the navigation, with places, plan and passphrase', async () => {
    await page.click('.navigation a[href="/backups"]');
    await page.waitForSelector('h1:has-text("备份与恢复")', slow);
    await page.waitForSelector('h2:has-text("备份地点")', slow);
    if (!has_place) {
      await page.waitForSelector('text=还没有配置备份地点', slow);
      assert.ok(await page.isDisabled('button:has-text("立即备份")'));
    }
    await page.waitForSelector('h2:has-text("恢复口令")', slow);
    await picture('backups');
    await assert_accessible('backups');
  });

  it('take another plan within its limits, and say what is wrong with one that is not', async () => {
    await page.fill('label:has-text("每天时刻") + .field-frame input', '03:15');
    const stored = page.waitForResponse((answer) => answer.url().endsWith('/schedule') && answer.request().method() === 'PUT');
    await page.click('button:has-text("保存计划")');
    assert.equal((await stored).status(), 200);
    await page.reload();
    await page.waitForSelector('h2:has-text("计划")', slow);
    assert.equal(await page.inputValue('label:has-text("每天时刻") + .field-frame input'), '03:15');
    await page.fill('label:has-text("每月备份保留") + .field-frame input', '12');
    await page.click('button:has-text("保存计划")');
    await page.waitForSelector('[role="alert"]', slow);
    await page.fill('label:has-text("每月备份保留") + .field-frame input', '84');
    await page.fill('label:has-text("每天时刻") + .field-frame input', '02:30');
    await page.click('button:has-text("保存计划")');
  });

  it('want the same passphrase twice', async () => {
    await page.fill('input[type="password"] >> nth=0', 'a passphrase in a safe');
    await page.fill('input[type="password"] >> nth=1', 'a passphrase in a cave');
    await page.click('button:has-text("设置口令")');
    await page.waitForSelector('text=两次输入不同', slow);
    await page.fill('input[type="password"] >> nth=1', 'a passphrase in a safe');
    await page.click('button:has-text("设置口令")');
    await page.waitForSelector('text=已设置，与当前密钥相符', slow);
    assert.equal(await page.inputValue('input[type="password"] >> nth=0'), '', 'it does not stay in the page');
  });

  it('are made, read back and tried', { skip: !has_place }, async () => {
    await page.click('button:has-text("立即备份")');
    await page.waitForSelector('td:has-text("完整")', slow);
    await page.click('button:has-text("立即演练")');
    await page.waitForSelector('td:has-text("可恢复")', slow);
    await picture('backups-done');
    await assert_accessible('backups done');
  });

  it('speak English and fit a phone', async () => {
    const { page: phone } = await new_page(browser, { viewport: { width: 390, height: 844 } });
    await log_in(phone);
    await phone.goto(`${url}/backups`);
    await phone.waitForSelector('h2:has-text("恢复口令")', slow);
    const wider = await phone.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wider <= 0, `${wider} px too wide`);
    await picture('phone-backups', phone);
    await assert_accessible('backups on a phone', phone);
    await phone.context().close();
    assert.deepEqual(
      faults.filter((fault) => !String(fault).includes('400')),
      [],
    );
  });
});
