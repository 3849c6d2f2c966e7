// Network equipment is entered, placed in the topology and looked at, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD (an operator who sees everything); optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { log_in as log_in_on, take_picture, url } from './world.mjs';

const slow = { timeout: 30_000 };
const name = `switch-${Date.now()}`;
const demo_switch = '1 号楼弱电间交换机';
const empty_port = 6;

let browser;

async function log_in(options) {
  const opened = await new_page(browser, options);
  await log_in_on(opened.page);
  return opened;
}
const picture = (page, name) => take_picture(page, name);

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

describe('network equipment', () => {
  it('is entered, found, and stands in the topology', async () => {
    const { page, faults } = await log_in({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${url}/equipment`);
    await page.getByRole('button', { name: '新增设备' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('名称').fill(name);
    await form.getByLabel('地址').fill('192.0.2.1');
    await form.getByLabel('组织').selectOption({ index: 1 });
    await form.getByRole('button', { name: '保存' }).click();
    await page.getByLabel('名称、地址、厂家、型号或序列号').fill(name);
    await page.getByRole('button', { name }).waitFor(slow);
    await picture(page, 'equipment-list');
    await page.getByRole('button', { name: '拓扑' }).click();
    await page.locator('.equipment-node', { hasText: name }).waitFor(slow);
    await picture(page, 'equipment-topology');
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('dialog').getByText('192.0.2.1').waitFor(slow);
    await picture(page, 'equipment-one');
    assert.deepEqual(faults, []);
  });

  it('fits a phone', async () => {
    const { page } = await log_in({ viewport: { width: 390, height: 844 } });
    await page.goto(`${url}/equipment?view=topology`);
    await page.locator('.equipment-node').first().waitFor(slow);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await picture(page, 'equipment-phone');
  });

  it('tells of ports, and whoever is chosen is an alarm without a link', async () => {
    const { page, faults } = await log_in({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${url}/equipment?search=${encodeURIComponent(demo_switch)}`);
    await page.getByRole('button', { name: demo_switch, exact: true }).click();
    const ports = page.getByRole('dialog').getByRole('table', { name: '端口' });
    const row = (number) =>
      ports
        .getByRole('row')
        .filter({ has: page.getByRole('cell', { name: `${number}`, exact: true }) })
        .first();
    await row(2).getByText('已连接').waitFor({ timeout: 60_000 });
    await row(empty_port).getByText('无连接').waitFor(slow);
    const choice = row(empty_port).getByLabel(`${empty_port} 号端口的监视`);
    await choice.selectOption({ label: '有所接设备时' }); // nothing is in it, and that is no alarm
    await row(empty_port).locator('.mark-failed').waitFor({ state: 'detached', timeout: 60_000 });
    await picture(page, 'equipment-ports');
    await choice.selectOption({ label: '始终' });
    await row(empty_port).locator('.mark-failed').waitFor({ timeout: 60_000 });
    const alarm_page = await log_in({ viewport: { width: 1440, height: 900 } });
    await alarm_page.page.goto(`${url}/alarms`);
    await alarm_page.page.locator('table').getByText('网络设备端口中断').first().waitFor(slow);
    await choice.selectOption({ label: '有所接设备时' });
    await row(empty_port).locator('.mark-failed').waitFor({ state: 'detached', timeout: 60_000 });
    assert.deepEqual(faults, []);
    const phone = await log_in({ viewport: { width: 390, height: 844 } });
    await phone.page.goto(`${url}/equipment?search=${encodeURIComponent(demo_switch)}`);
    await phone.page.getByRole('button', { name: demo_switch, exact: true }).click();
    await phone.page.getByRole('dialog').getByRole('heading', { name: '端口', exact: true }).scrollIntoViewIfNeeded();
    await picture(phone.page, 'equipment-ports-phone');
    const overflow = await phone.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
  });

  it("the server's health stands on the status page", async () => {
    const { page } = await log_in({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${url}/status`);
    await page.locator('.server-source').first().waitFor(slow);
    assert.equal(await page.locator('.server-source').count(), 6);
    await picture(page, 'server-health');
  });

  it('is retired again', async () => {
    const { page } = await log_in({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${url}/equipment?search=${name}`);
    await page.getByRole('button', { name, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: '停用' }).click();
    await page.getByText('还没有网络设备').waitFor(slow);
  });
});
