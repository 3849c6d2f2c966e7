// Alarms through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD, DUHENG_ACCESS (the demo's access file); optional DUHENG_SCREENSHOTS (a folder).
// A gateway is held still (SIGSTOP, found by the demo's own folder in its command line) and let go again.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, read_access, take_picture, url } from './world.mjs';

const access = await read_access();
/** A connection that is held still counts as gone only after the keep-alive of the stream and the 30 s of the rule. */
const slow = { timeout: 180_000 };
const phone = { width: 390, height: 844 };

let browser;
let page;
let gateway_pid;

const picture = (name, of = page) => take_picture(of, name);

const assert_accessible = (name, on = page) => check_accessible(on, name);

/** The gateway of this very demo: its command line names the demo's folder. */
async function find_gateway() {
  const folder = access.data_directory;
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    const parts = line.split('\0');
    if (parts[0].endsWith('/duheng-gateway') && parts.some((part) => part.startsWith(`${folder}/`))) return Number(entry);
  }
  throw new Error(`no duheng-gateway of ${folder} runs`);
}

before(async () => {
  gateway_pid = await find_gateway();
  browser = await launch();
  ({ page } = await new_page(browser, { language: 'zh-CN' }));
  await log_in(page);
});
after(async () => {
  if (gateway_pid) process.kill(gateway_pid, 'SIGCONT');
  await browser?.close();
});

const offline = '.alarm-open[data-kind="gateway_offline"]';

describe('alarms', { concurrency: false }, () => {
  it('opens with an empty list or a list, in both sizes, for everybody', async () => {
    await page.goto(`${url}/alarms`);
    await page.waitForSelector('.data-table, .empty', slow);
    await assert_accessible('alarms');
    await picture('alarms_before');
  });

  it('shows a gateway that is away, on the open page, by itself', async () => {
    process.kill(gateway_pid, 'SIGSTOP');
    await page.waitForSelector(offline, slow);
    await page.waitForSelector('.alarm-badge');
    await assert_accessible('alarms with one');
    await picture('alarms_gateway_offline');
  });

  it('is acknowledged with a note, and the history tells', async () => {
    await page.click(offline);
    await page.waitForSelector('.alarm-remedy', slow);
    await page.click('dialog .form-actions .button-main');
    await page.fill('dialog .form input', '已派人去看');
    await page.click('dialog form button[type="submit"]');
    await page.waitForSelector('dialog .alarm-note:has-text("已派人去看")', slow);
    await assert_accessible('alarm');
    await picture('alarm_detail');
    await page.keyboard.press('Escape');
    await page.goto(`${url}/jobs/log?action=acknowledge_alarm`);
    await page.waitForSelector('.data-table tbody tr', slow);
    assert.match(await page.textContent('.data-table tbody tr'), /确认告警/);
  });

  it('is usable on a phone', async () => {
    const { page: small } = await new_page(browser, { viewport: phone, language: 'zh-CN' });
    await log_in(small);
    await small.goto(`${url}/alarms`);
    await small.waitForSelector(offline, slow);
    const overflow = await small.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await assert_accessible('alarms on a phone', small);
    await picture('alarms_phone', small);
    await small.close();
  });

  it('clears when the gateway is back', async () => {
    await page.goto(`${url}/alarms?kind=gateway_offline`);
    await page.waitForSelector(offline, slow);
    process.kill(gateway_pid, 'SIGCONT');
    await page.waitForSelector('.alarm-marks:has-text("已恢复"), .empty', slow);
    await picture('alarms_over');
  });
});
