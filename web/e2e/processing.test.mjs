// What a gateway makes of readings, set through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD; optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, until, url } from './world.mjs';

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const model = 'dlt645-2007-single-phase';
const sum_uid = `browser-sum-${Date.now() % 100_000}`;

let browser;
let page;
let faults;
let device;
let members; // three meters of one gateway, the first of them `device`
let gateway_id;

const ask = (method, path, body) =>
  page.evaluate(
    async ([how, where, what]) => {
      const answer = await fetch(where, {
        method: how,
        headers: { 'X-Duheng-Request': '1', 'Content-Type': 'application/json' },
        ...(what ? { body: JSON.stringify(what) } : {}),
      });
      return { status: answer.status, body: answer.status === 204 ? null : await answer.json() };
    },
    [method, path, body],
  );
/** The same page at a desk and on a phone, without anything that axe finds or that is wider than the screen. */
async function look(name) {
  await check_accessible(page, name);
  await take_picture(page, name, { fullPage: true });
  await page.setViewportSize(phone);
  await take_picture(page, `${name}-phone`, { fullPage: true });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name} fits a phone`);
  await page.setViewportSize(desktop);
}
const processing_of = async (id) => (await ask('GET', `/api/v1/devices/${id}/processing`)).body;
/** The rule is in force at the gateway. */
const in_force = (what) =>
  until(async () => {
    const { rules } = await processing_of(device.id);
    return rules.length > 0 && rules.every(({ state }) => state === 'applied') ? rules : undefined;
  }, what);
async function readings_of(register, limit = 200) {
  const { body } = await ask('GET', `/api/v1/devices/${device.id}`);
  const found = body.registers.find((one) => one.register === register);
  if (!found) return [];
  return (await ask('GET', `/api/v1/series/${found.series_id}/readings?limit=${limit}`)).body.readings;
}
/** "230.15" as an integer of so many digits behind the point: nothing is rounded. */
function scaled(text, digits) {
  const [whole, rest = ''] = text.split('.');
  assert.ok(rest.length <= digits, text);
  return BigInt(whole + rest.padEnd(digits, '0'));
}
async function fill(label, value) {
  await page.getByRole('dialog').getByLabel(label, { exact: true }).fill(value);
}
const choose = (label, value) => page.getByRole('dialog').getByLabel(label, { exact: true }).selectOption(value);

before(async () => {
  browser = await launch();
  ({ page, faults } = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' }));
  await log_in(page);
  members = await until(async () => {
    const { body } = await ask('GET', `/api/v1/devices?model=${model}&state=online&page_size=50`);
    const read = body.devices.filter(({ gateway }) => gateway);
    const together = read.filter(({ gateway }) => gateway.id === read[0].gateway.id);
    return together.length >= 3 ? together.slice(0, 3) : undefined;
  }, 'three meters are read');
  [device] = members;
  gateway_id = device.gateway.id;
});
after(async () => {
  await browser?.close();
});

describe('processing set by the plan', { concurrency: false }, () => {
  it('shows a device without rules', async () => {
    await page.goto(`${url}/devices/${device.id}/processing`);
    await page.waitForSelector('text=尚无规则');
    await look('processing-empty');
  });
  it('tries a rule on the last hour, and names what is missing', async () => {
    await page.getByRole('button', { name: '设置规则' }).click();
    await page.getByRole('button', { name: '下发' }).click();
    await page.waitForSelector('dialog [role=alert]');
    await choose('取自数据项', 'voltage_a');
    await choose('换算', 'factor');
    await fill('系数', '2');
    await choose('滤波', 'none');
    await page.getByRole('button', { name: '预览最近一小时' }).click();
    await page.waitForSelector('dialog table tbody tr');
    const cells = await page.locator('dialog table tbody tr').first().locator('td').allInnerTexts();
    const [raw, result] = cells.slice(1).map((text) => scaled(text.trim().split(/\s/)[0], 1));
    assert.equal(result, raw * 2n, 'the preview is the rule’s own arithmetic');
    await look('processing-form');
  });
  it('sets it, and the gateway makes the register from then on', async () => {
    await fill('原因', 'browser test');
    await page.getByRole('button', { name: '下发' }).click();
    await page.waitForSelector('dialog', { state: 'detached' });
    const rules = await in_force('the gateway has the rule');
    assert.equal(rules[0].into, 'voltage_a_processed');
    const made = await until(async () => {
      const found = await readings_of('voltage_a_processed');
      return found.length >= 3 ? found : undefined;
    }, 'three results');
    const raw = new Map((await readings_of('voltage_a')).map(({ time, value }) => [time, value]));
    for (const { time, value } of made) assert.equal(scaled(value, 1), 2n * scaled(raw.get(time), 1), time);
    await page.waitForSelector('text=已采用');
    await look('processing-in-force');
  });
  it('keeps versions and restores one', async () => {
    await page.getByRole('button', { name: '修改' }).click();
    await fill('系数', '3');
    await fill('原因', 'second thought');
    await page.getByRole('button', { name: '下发' }).click();
    await page.waitForSelector('dialog', { state: 'detached' });
    await page.getByRole('button', { name: '恢复此版本' }).first().click();
    await fill('原因', 'the first was right');
    await page.getByRole('dialog').getByRole('button', { name: '恢复此版本' }).click();
    await page.waitForSelector('dialog', { state: 'detached' });
    const { rules, history } = await processing_of(device.id);
    assert.equal(rules[0].rule.gain, '2');
    assert.equal(history.length, 3);
    await in_force('the restored rule');
  });
  it('removes it, and the register is made no more', async () => {
    await page.getByRole('button', { name: '移除' }).first().click();
    await fill('原因', 'test is over');
    await page.getByRole('dialog').getByRole('button', { name: '移除' }).click();
    await page.waitForSelector('text=尚无规则');
    const { history } = await processing_of(device.id);
    assert.equal(history[0].rule, null);
    await until(async () => (await processing_of(device.id)).history[0].state === 'removed', 'the gateway has let go of it');
    const last = (await readings_of('voltage_a_processed', 1))[0].time;
    const later = await until(async () => {
      const [newest] = await readings_of('voltage_a', 1);
      return Date.parse(newest.time) > Date.parse(last) + 20_000 ? newest : undefined;
    }, 'the meter is read on');
    assert.ok(Date.parse((await readings_of('voltage_a_processed', 1))[0].time) < Date.parse(later.time));
  });
  it('makes a sum of meters found by search', async () => {
    await page.goto(`${url}/gateways/${gateway_id}`);
    await page.getByRole('link', { name: '汇总', exact: true }).click();
    await page.waitForSelector('h1:has-text("汇总")');
    await look('sums');
    await page.getByRole('button', { name: '新建汇总' }).click();
    await fill('标识', sum_uid);
    await fill('数据项', 'power_active_total');
    await fill('结果单位', 'kW');
    await fill('小数位数', '4');
    await fill('间隔', '60');
    await fill('等待', '10');
    await fill('容差', '30');
    const found = page.getByRole('list', { name: '找到的设备' }).getByRole('button');
    for (const { address } of members) {
      await fill('查找设备', address);
      await until(async () => (await found.count()) === 1, `${address} is found`);
      await found.click();
    }
    await page.waitForSelector('text=已选 3 台');
    await look('sum-form');
    await fill('原因', 'browser test');
    await page.getByRole('button', { name: '下发' }).click();
    await page.waitForSelector(`h1:has-text("${sum_uid}")`);
  });
  it('shows the sum with its parts, which add up to the last digit', async () => {
    const id = Number(page.url().split('/').at(-1));
    const seen = async () => {
      const { body } = await ask('GET', `/api/v1/sums/${id}`);
      return body.sum.last?.complete ? body : undefined;
    };
    const details = await until(seen, 'a whole sum').catch(() => until(seen, 'a whole sum'));
    const lines = details.evidence.lines.map((line) => line.split(' '));
    assert.equal(lines.length, 3);
    const total = lines.reduce((sum, [, value]) => sum + scaled(value, 4), 0n);
    assert.equal(scaled(details.sum.last.value, 4), total);
    await page.reload();
    await page.waitForSelector('.evidence');
    await look('sum-parts');
    await page.getByRole('link', { name: '查看报文' }).click();
    await page.waitForSelector('text=汇总缺少的成员');
    await page.goBack();
  });
  it('takes the sum away', async () => {
    await page.getByRole('button', { name: '移除' }).click();
    await fill('原因', 'test is over');
    await page.getByRole('dialog').getByRole('button', { name: '移除' }).click();
    await page.waitForSelector('h1:has-text("汇总")');
    const { body } = await ask('GET', `/api/v1/gateways/${gateway_id}/sums`);
    assert.ok(!body.sums.some(({ uid }) => uid === sum_uid));
  });
  it('shows how well reading periods are kept, at a desk and on a phone', async () => {
    await page.goto(`${url}/gateways/${gateway_id}`);
    await page.waitForSelector('.timing-panel tbody tr');
    const { body } = await ask('GET', `/api/v1/gateways/${gateway_id}/timing`);
    assert.ok(body.channels.length > 0);
    for (const { samples, p50_per_mille, p99_per_mille, max_per_mille } of body.channels) {
      assert.ok(samples > 0 && p50_per_mille <= p99_per_mille && p99_per_mille <= max_per_mille);
    }
    assert.equal(await page.locator('.timing-panel tbody tr').count(), body.channels.length);
    await page.setViewportSize(phone);
    assert.ok(await page.locator('.timing-panel .timing-spread').first().isVisible(), 'also on a phone');
    await page.setViewportSize(desktop);
    await look('gateway-timing');
  });
  it('left no error in the console', () => assert.deepEqual(faults, []));
});
