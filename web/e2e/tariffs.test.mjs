// Customers' tariffs and files of metering points, through a browser, on a running demo world:
//   DUHENG_URL, DUHENG_USER, DUHENG_PASSWORD (an administrator of the whole platform); optional DUHENG_SCREENSHOTS.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { check_accessible, log_in, take_picture, until, url } from './world.mjs';

const slow = { timeout: 60_000 };
const mark = `${Date.now() % 1_000_000}`;
const code = `home-${mark}`;
const day = (ago) => new Date(Date.now() + 8 * 3_600_000 - ago * 86_400_000).toISOString().slice(0, 10);

let browser;
let page;
let point;

const picture = (name) => take_picture(page, name, { fullPage: true });
const ask = (path, body) =>
  page.evaluate(
    async ([where, what]) => {
      const answer = await fetch(where, {
        method: what === undefined ? 'GET' : 'POST',
        headers: { 'X-Duheng-Request': '1', ...(what === undefined ? {} : { 'Content-Type': 'application/json' }) },
        ...(what === undefined ? {} : { body: JSON.stringify(what) }),
      });
      return { status: answer.status, body: await answer.json() };
    },
    [path, body],
  );

async function check_page(name) {
  await picture(name);
  await check_accessible(page, name);
  await page.setViewportSize({ width: 390, height: 844 });
  const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await picture(`${name}-phone`);
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.ok(overhang <= 0, `${name}: ${overhang} px too wide`);
}

before(async () => {
  browser = await launch();
  ({ page } = await new_page(browser));
  await log_in(page);
});
after(async () => {
  await browser?.close();
});

describe('tariffs', () => {
  it('are made in a list, and keep what they said', async () => {
    await page.goto(`${url}/tariffs`);
    await page.getByRole('button', { name: '新增价类' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('代码').fill(code);
    await dialog.getByLabel('中文名称').fill(`居民生活 ${mark}`);
    await dialog.getByLabel('英文名称').fill(`Residential ${mark}`);
    await dialog.getByLabel('起始日').fill('2020-01-01');
    await picture('tariff-new');
    await dialog.getByRole('button', { name: '保存' }).click();
    const row = page.getByRole('button', { name: `打开价类 居民生活 ${mark}` });
    await row.waitFor(slow);
    await check_page('tariffs');
    await row.click();
    await page.getByRole('dialog').getByLabel('中文名称').fill(`居民用电 ${mark}`);
    await page.getByRole('dialog').getByLabel('原因').fill('更名');
    await page.getByRole('dialog').getByRole('button', { name: '修改' }).click();
    await page.getByRole('button', { name: `打开价类 居民用电 ${mark}` }).click(slow);
    await page.getByText('第 2 版').waitFor(slow);
    await page.getByText('第 1 版').waitFor(slow);
  });

  it('hold at a point from a day on, and a mistake stays visible', async () => {
    const { body } = await ask('/api/v1/devices?state=online&page_size=200');
    const device = body.devices.findLast((one) => one.model.startsWith('dlt645'));
    const made = await ask('/api/v1/points', {
      name: `E2E ${mark}`,
      organisation_id: device.organisation.id,
      at: new Date(Date.now() - 60_000).toISOString(),
      installation: { device_id: device.id, registers: [{ name: 'energy_active_import_total', digits: 8 }] },
    });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    point = made.body.id;
    await page.goto(`${url}/points/${point}`);
    await page.getByText('还没有登记价类').waitFor(slow);
    const assign = async (from, reason) => {
      await page.getByRole('button', { name: '登记价类' }).click();
      await page
        .getByRole('dialog')
        .getByLabel('价类')
        .selectOption({ label: `居民用电 ${mark}` });
      await page.getByRole('dialog').getByLabel('从哪一天起').fill(from);
      await page.getByRole('dialog').getByLabel('原因').fill(reason);
      await page.getByRole('dialog').getByRole('button', { name: '保存' }).click();
      await page.getByRole('button', { name: `撤销从 ${from} 起的登记` }).waitFor(slow);
    };
    await assign(day(20), '');
    await page.getByRole('button', { name: `撤销从 ${day(20)} 起的登记` }).click();
    await page.getByRole('dialog').getByLabel('原因').fill('登记错误');
    await page.getByRole('dialog').getByRole('button', { name: '撤销' }).click();
    await page.getByText('已撤销').waitFor(slow);
    await assign(day(5), '');
    await check_page('point-tariffs');
  });

  it('filter points and devices', async () => {
    await page.goto(`${url}/points?tariff=${code}`);
    await page.getByRole('link', { name: `E2E ${mark}` }).waitFor(slow);
    assert.equal(await page.locator('table.data-table tbody tr').count(), 1);
    await check_page('points-of-tariff');
    const { body } = await ask(`/api/v1/devices?tariff=${code}`);
    assert.equal(body.total, 1);
    await page.goto(`${url}/devices?tariff=${code}`);
    await page.waitForSelector('table.data-table tbody tr, .device-row, [href^="/devices/"]', slow);
  });
});

describe('files of metering points', () => {
  const upload = async (name, text) => {
    await page.setInputFiles('input[type=file]', { name, mimeType: 'text/csv', buffer: Buffer.from(text) });
  };

  it('are checked line by line, and only good lines are written', async () => {
    await page.goto(`${url}/points`);
    await page.getByRole('link', { name: '按文件导入导出' }).click();
    const { body } = await ask(`/api/v1/points/${point}`);
    const tree = await ask('/api/v1/organisations');
    const organisation = tree.body.organisations.find(({ id }) => id === body.organisation.id).code;
    await upload(
      'points.csv',
      'organisation,name,customer,customer_name,transformer,device,installed_at,register,ratio,tariff,tariff_from\n' +
        `${organisation},File ${mark},C-${mark},李明,,,,,,${code},${day(30)}\n` +
        `${organisation},Bad ${mark},,,T-1,nobody,2026-01-01,energy_active_import_total,,,\n`,
    );
    await page.getByRole('button', { name: '只登记没有问题的 1 行' }).waitFor(slow);
    await check_page('point-import');
    await page.getByRole('button', { name: '只登记没有问题的 1 行' }).click();
    await page.getByText('已处理 1 行').waitFor(slow);
    const found = await ask(`/api/v1/points?search=File ${mark}`);
    const detail = await ask(`/api/v1/points/${found.body.points[0].id}`);
    assert.equal(detail.body.customer.name, '李明');
    assert.equal(detail.body.tariff.code, code);
  });

  it('come out as they go in', async () => {
    await page.goto(`${url}/points/import`);
    const text = await page.evaluate(async () => (await fetch('/api/v1/points/export')).text());
    await upload('again.csv', text);
    const lines = text.trim().split('\r\n').length - 1;
    await page.getByText(`共 ${lines.toLocaleString('zh-CN')} 行，${lines.toLocaleString('zh-CN')} 行可以登记`).waitFor(slow);
    const known = await until(async () => {
      const { body } = await ask('/api/v1/point-imports');
      return body.imports.find(({ name, state }) => name === 'again.csv' && state === 'checked');
    }, 'the check of the exported file');
    assert.equal(known.known_lines, lines, 'nothing is new');
    await page.getByRole('button', { name: '取消' }).click();
  });
});
