// Remote maintenance through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD, DUHENG_ACCESS (the demo's access file); optional DUHENG_SCREENSHOTS (a folder).
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { make_user } from './people.mjs';
import { check_accessible, log_in, take_picture, until, url } from './world.mjs';

const desktop = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
const meter_password = '123456';
const slow = { timeout: 60_000 };
const model = 'dlt645-2007-single-phase';

let browser;
let page;
let device_path;

const picture = (name, of = page) => take_picture(of, name, { fullPage: true });
const assert_accessible = (name, on = page) => check_accessible(on, name);
/** Asks the API in the page's own session. */
function ask(method, path, body) {
  return page.evaluate(
    async ([how, where, what]) => {
      const answer = await fetch(where, {
        method: how,
        headers: { 'X-Duheng-Request': '1', 'Content-Type': 'application/json' },
        ...(what ? { body: JSON.stringify(what) } : {}),
      });
      return { status: answer.status, body: await answer.json() };
    },
    [method, path, body],
  );
}
/** Gives the device a command and waits until it is over. */
async function command(name, args = {}, access) {
  const made = await ask('POST', '/api/v1/jobs', {
    kind: 'command',
    name,
    device_ids: [Number(device_path.split('/')[2])],
    arguments: args,
    reason: 'browser test',
    ...(access ? { access } : {}),
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  if (made.body.state === 'awaiting_confirmation') await ask('POST', `/api/v1/jobs/${made.body.id}/confirm`);
  const orders = await until(async () => {
    const { body } = await ask('GET', `/api/v1/jobs/${made.body.id}/orders`);
    return ['queued', 'handed_over', 'waiting', 'under_way', 'awaiting_confirmation'].includes(body.orders[0].state)
      ? undefined
      : body.orders;
  }, name);
  await page.goto(`${url}/jobs/${made.body.id}`);
  await page.waitForSelector('.order-state');
  return orders[0];
}

before(async () => {
  browser = await launch();
  ({ page } = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' }));
  await log_in(page);
  // One that was retired a moment ago is told as online until its last reading is old.
  const { id } = await until(async () => {
    const { body } = await ask('GET', `/api/v1/devices?model=${model}&state=online&page_size=200`);
    for (const device of body.devices) {
      const { body: connection } = await ask('GET', `/api/v1/devices/${device.id}/connection`);
      if (!connection.retired && connection.state?.answering) return device;
    }
    return undefined;
  }, 'a meter answers');
  device_path = `/devices/${id}`;
});
after(async () => {
  await browser?.close();
});

describe('remote maintenance', { concurrency: false }, () => {
  it('pings a meter', async () => {
    const order = await command('ping', { count: '3' });
    assert.equal(order.state, 'done', JSON.stringify(order));
    assert.equal(order.values.find(({ register }) => register === 'ping_answers').value, '3');
  });
  it('shows how often a meter is read, at a desk and on a phone', async () => {
    await page.goto(`${url}${device_path}/control`);
    await page.waitForSelector('text=采集周期', slow);
    await assert_accessible('sampling');
    await picture('sampling');
    await page.setViewportSize(phone);
    await picture('sampling-phone');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await page.setViewportSize(desktop);
  });
  it('reads all registers at once', async () => {
    const { body } = await ask('GET', `/api/v1/model?id=${model}`);
    const registers = [...new Set(body.groups.flatMap(({ items }) => items.map(({ register }) => register)))];
    const made = await ask('POST', '/api/v1/jobs', {
      kind: 'read',
      device_ids: [Number(device_path.split('/')[2])],
      registers,
    });
    const order = await until(async () => {
      const found = (await ask('GET', `/api/v1/jobs/${made.body.id}/orders`)).body.orders[0];
      return found.state === 'done' ? found : undefined;
    }, 'read-out');
    assert.deepEqual([...new Set(order.values.map(({ register }) => register))].sort(), registers.sort());
  });
  for (const name of ['clock_set', 'demand_reset', 'event_reset'])
    it(`gives ${name} with the password`, async () => {
      assert.equal((await command(name, {}, { password: meter_password })).state, 'done');
    });
  it('opens the channel of a meter anew', async () => {
    assert.equal((await command('channel_restart')).state, 'done');
  });
  it('restarts the gateway from its page, which is done when it is back', async () => {
    const { body } = await ask('GET', `/api/v1${device_path}`);
    await page.goto(`${url}/gateways/${body.gateway.id}`);
    await page.click('text=重启网关', slow);
    await page.fill('dialog input', 'browser test');
    await picture('restart');
    await page.click('dialog .button-danger');
    await page.waitForURL(/\/jobs\/\d+$/, slow);
    await page.waitForSelector('.order-state.order-done, .order-done', slow);
  });
  it('follows the frames of a collector’s channel', async () => {
    const { body } = await ask('GET', `/api/v1${device_path}`);
    await page.goto(`${url}/gateways/${body.gateway.id}`);
    await page.click('.data-table a:has-text("报文跟踪") >> nth=0', slow);
    await page.waitForSelector('.trace-received', slow);
    await assert_accessible('trace of a channel');
    await picture('trace-of-channel');
  });
  it('shows how the lines of a collector are', async () => {
    const { body } = await ask('GET', `/api/v1${device_path}`);
    await page.goto(`${url}/gateways/${body.gateway.id}`);
    await page.waitForSelector('.data-table tbody tr', slow);
    const { body: plan } = await ask('GET', `/api/v1/gateways/${body.gateway.id}/plan`);
    assert.ok(plan.channels.length > 5);
    assert.ok(
      plan.channels.some(({ open }) => open),
      JSON.stringify(plan.channels[0]),
    );
  });
  it('is refused to somebody who may only look, and the refusals are kept', async () => {
    const own = page;
    const other = await new_page(browser, { viewport: desktop, theme: 'light', language: 'zh-CN' });
    const viewer = await make_user('viewer');
    try {
      page = other.page;
      await log_in(page, viewer);
      const id = Number(device_path.split('/')[2]);
      await page.goto(`${url}${device_path}/control`);
      await page.waitForSelector('text=您的账户只能查看', slow);
      await picture('maintenance-refused');
      for (const name of ['ping', 'channel_restart', 'gateway_restart', 'clock_set', 'demand_reset', 'event_reset']) {
        const made = await ask('POST', '/api/v1/jobs', { kind: 'command', name, device_ids: [id], reason: 'browser test' });
        assert.equal(made.status, 403, name);
      }
      const read = await ask('POST', '/api/v1/jobs', { kind: 'read', device_ids: [id], registers: ['voltage_a'] });
      assert.equal(read.status, 403, 'read-out');
      await page.goto(`${url}${device_path}/trace`);
      await page.waitForSelector('h1');
      assert.equal(await page.locator('.trace-received').count(), 0);
    } finally {
      page = own;
      await other.context.close();
    }
    const { body } = await ask('GET', `/api/v1/operations?user=${viewer.user}`);
    const refused = body.operations.filter(({ outcome }) => outcome === 'forbidden');
    assert.equal(refused.length, 7, JSON.stringify(body.operations));
  });
  it('lists sampling changes', async () => {
    await page.goto(`${url}/jobs/sampling`);
    await page.waitForSelector('h1');
    await assert_accessible('sampling changes');
    await picture('sampling-changes');
  });
});
