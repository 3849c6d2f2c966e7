// Pictures of every page in both languages, both appearances and two sizes, for looking at and for the documents.
//   DUHENG_URL=… DUHENG_USER=… DUHENG_PASSWORD=… node scripts/screenshots.mjs FOLDER [NAME-PART…]
import { mkdir } from 'node:fs/promises';
import { launch, new_page } from '../e2e/browser.mjs';
import { field_pages } from './field_pages.mjs';

const [folder, ...parts] = process.argv.slice(2);
const url = process.env.DUHENG_URL?.replace(/\/$/, '');
if (!folder || !url) throw new Error('usage: DUHENG_URL=… node scripts/screenshots.mjs FOLDER [NAME-PART…]');
await mkdir(folder, { recursive: true });

const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const browser = await launch();
const problems = [];

async function log_in(page) {
  await page.goto(`${url}/login`);
  await page.fill('input[name="name"]', process.env.DUHENG_USER ?? 'operator');
  await page.fill('input[name="password"]', process.env.DUHENG_PASSWORD ?? 'measure-and-weigh');
  await page.click('button[type="submit"]');
  await page.waitForSelector('.navigation');
}

/** Parts further down begin only when they come near. */
async function scroll_through(page) {
  await page.waitForSelector('.readout');
  for (let step = 0; step < 8; step += 1) {
    await page.evaluate(() => window.scrollBy(0, 600));
    await page.waitForTimeout(150);
  }
  await page.evaluate(() => window.scrollTo(0, 0));
}

const pages = {
  ...field_pages(url ?? ''),
  overview: async (page) => {
    await page.goto(`${url}/`);
    await page.waitForSelector('.state-counts');
    await page.waitForTimeout(6500);
  },
  devices: async (page) => {
    await page.goto(`${url}/devices`);
    await page.waitForSelector('.device-table tbody tr');
  },
  devices_empty: async (page) => {
    await page.goto(`${url}/devices?search=zzz`);
    await page.waitForSelector('.empty');
  },
  device: async (page) => {
    await page.goto(`${url}/devices/2`);
    await scroll_through(page);
    await page.waitForSelector('.curve-chart svg path', { state: 'attached' });
    await page.waitForSelector('.strips');
  },
  device_table: async (page) => {
    await page.goto(`${url}/devices/2?span=month`);
    await scroll_through(page);
    await page.waitForSelector('.curve-chart svg path', { state: 'attached' });
    await page.click('.curve-panel .panel-actions button');
    await page.waitForSelector('.curve-table tbody tr');
  },
  frame_drawer: async (page) => {
    await page.goto(`${url}/devices/2`);
    await page.click('.readout-value >> nth=0');
    await page.waitForSelector('.octet-grid .octet');
    await page.waitForTimeout(500);
    await page.hover('.field-table tbody tr >> nth=2');
  },
  frame: async (page) => {
    await page.goto(`${url}/devices/2`);
    const link = await page.getAttribute('.readout-value >> nth=2', 'href');
    await page.goto(`${url}/frames/${new URL(link, url).searchParams.get('frame')}`);
    await page.waitForSelector('.octet-grid .octet');
  },
  frame_missing: async (page) => {
    await page.goto(`${url}/frames/1`);
    await page.waitForSelector('.problem');
  },
  gateways: async (page) => {
    await page.goto(`${url}/gateways`);
    await page.waitForSelector('.data-table, .empty');
  },
  sources: async (page) => {
    await page.goto(`${url}/sources`);
    await page.waitForSelector('.data-table, .empty');
  },
  status: async (page) => {
    await page.goto(`${url}/status`);
    await page.waitForSelector('.components');
  },
  analyser_empty: async (page) => {
    await page.goto(`${url}/analyser`);
    await page.waitForSelector('.empty');
  },
  analyser: async (page) => {
    await page.goto(`${url}/analyser`);
    await page.fill('textarea', '68 00 36 19 00 00 00 68 11 04 33 32 34 33 00 16');
    await page.click('.analyser-actions .button-main');
    await page.waitForSelector('.octet-grid .octet');
    await page.hover('.field-table tbody tr >> nth=1');
  },
  analyser_fault: async (page) => {
    await page.goto(`${url}/analyser`);
    await page.fill('textarea', '68 01');
    await page.click('.analyser-actions .button-main');
    await page.click('.analyser-item >> nth=-1');
    await page.waitForSelector('.octet.is-fault');
  },
  analyser_build: async (page) => {
    await page.goto(`${url}/analyser/build`);
    await page.selectOption('.build select >> nth=1', { index: 2 });
    await page.click('.build-form .button-main');
    await page.waitForSelector('.build-result .octet');
  },
  not_found: async (page) => {
    await page.goto(`${url}/nowhere`);
    await page.waitForSelector('.empty');
  },
  account: async (page) => {
    await page.goto(`${url}/sources`);
    await page.waitForSelector('.data-table, .empty');
    await page.click('.account-opener');
    await page.waitForSelector('.account-card');
  },
};

for (const [size, viewport] of Object.entries(sizes)) {
  for (const theme of ['light', 'dark']) {
    for (const language of ['zh-CN', 'en']) {
      const wanted = Object.keys({ login: 0, ...pages }).filter(
        (name) => parts.length === 0 || parts.some((part) => `${name}-${size}-${theme}-${language}`.includes(part)),
      );
      if (wanted.length === 0) continue;
      const { context, page, faults } = await new_page(browser, { viewport, theme, language });
      const take = (name) =>
        page.screenshot({ path: `${folder}/${name}-${size}-${theme}-${language}.png`, fullPage: !name.includes('drawer') });
      await page.goto(`${url}/login`);
      await page.waitForSelector('form');
      await page.waitForTimeout(600);
      if (wanted.includes('login')) await take('login');
      await log_in(page);
      for (const name of wanted) {
        if (name === 'login') continue;
        await pages[name](page);
        await page.waitForTimeout(250);
        await take(name);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (overflow > 0) problems.push(`${name}-${size}-${theme}-${language}: ${overflow} px too wide`);
      }
      problems.push(...faults.filter((fault) => !fault.includes('401') && !fault.includes('404')));
      await context.close();
    }
  }
}
await browser.close();
console.log(problems.length === 0 ? 'no faults' : problems.join('\n'));
