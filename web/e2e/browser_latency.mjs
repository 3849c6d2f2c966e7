// How long a reading takes from the gateway to the page. Needs a running demo, for which `duheng bench browser-latency` cares:
//   DUHENG_ACCESS_FILE as `duheng demo --access-file` writes it; optional DUHENG_LATENCY_SECONDS (60), DUHENG_CHROMIUM.
// Prints one JSON object. The clock runs from the reading's `received_at` (the gateway has the last octet of the meter's answer)
//   socket   until the WebSocket message that carries it is handed to the page's script
//   dom      until a MutationObserver of the page sees the reading in the document
// Both ends read the same machine's wall clock, in whole milliseconds. What the browser then needs to paint is not in it.
import { readFile } from 'node:fs/promises';
import { launch, new_page } from './browser.mjs';

const access_file = process.env.DUHENG_ACCESS_FILE;
if (!access_file) throw new Error('DUHENG_ACCESS_FILE is needed: see the head of this file');
const { url, user, password } = JSON.parse(await readFile(access_file, 'utf8'));
const seconds = Number(process.env.DUHENG_LATENCY_SECONDS ?? 60);
const device_pages = 6;
const settle_ms = 5_000;

/** Runs in the page before its own scripts. */
function watch_arrivals() {
  const arrivals = { socket: [], dom: [], never_seen: 0 };
  const pending = new Map();
  window.duheng_arrivals = arrivals;

  /** The reading's place, if it is shown: its frame on a device page, its time in a list's row. */
  const is_shown = ({ device_id, register, reading }) => {
    const readout = document.querySelector(`.readout[data-register="${register}"] a`);
    if (readout) return new URL(readout.href).searchParams.get('frame') === reading.frame;
    const link = document.querySelector(`.device-table a[href="/devices/${device_id}"]`);
    return link?.closest('tr')?.querySelector(`time[datetime="${reading.time}"]`) != null;
  };
  new MutationObserver(() => {
    const now = Date.now();
    for (const [key, one] of pending) {
      if (!is_shown(one)) continue;
      pending.delete(key);
      arrivals.dom.push(now - Date.parse(one.reading.received_at));
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });

  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        const now = Date.now();
        for (const one of JSON.parse(data).readings ?? []) {
          arrivals.socket.push(now - Date.parse(one.reading.received_at));
          const key = document.querySelector('.device-table') ? one.device_id : one.series_id;
          // One that a newer takes over before it was drawn has not been shown.
          const before = pending.get(key);
          if (before && before.reading.time !== one.reading.time) arrivals.never_seen += 1;
          pending.set(key, one);
        }
      });
    }
  };
}

function quantile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? null;
}

function summary(name, samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    [`${name}_samples`]: sorted.length,
    [`${name}_latency_ms_p50`]: quantile(sorted, 0.5),
    [`${name}_latency_ms_p99`]: quantile(sorted, 0.99),
    [`${name}_latency_ms_max`]: sorted.at(-1) ?? null,
  };
}

/** What arrives on these pages during the time given. */
async function measure(pages, length_s) {
  await pages[0].waitForTimeout(settle_ms);
  for (const page of pages) {
    await page.evaluate(() => Object.assign(window.duheng_arrivals, { socket: [], dom: [], never_seen: 0 }));
  }
  await pages[0].waitForTimeout(length_s * 1000);
  const told = [];
  for (const page of pages) told.push(await page.evaluate(() => window.duheng_arrivals));
  return {
    socket: told.flatMap(({ socket }) => socket),
    dom: told.flatMap(({ dom }) => dom),
    never_seen: told.reduce((sum, { never_seen }) => sum + never_seen, 0),
  };
}

const browser = await launch();
try {
  process.env.DUHENG_URL = url;
  const { context, page, faults } = await new_page(browser, { viewport: { width: 1440, height: 900 }, language: 'zh-CN' });
  await context.addInitScript(watch_arrivals);
  await page.goto(`${url}/login`);
  await page.fill('input[name="name"]', user);
  await page.fill('input[name="password"]', password);
  await page.click('button[type="submit"]');
  await page.waitForSelector('.navigation');

  await page.goto(`${url}/devices?page_size=200&state=online`);
  await page.waitForSelector('.device-table tbody tr');
  const links = await page.$$eval('.device-table tbody .row-link', (found) => found.map(({ pathname }) => pathname));
  const list = await measure([page], seconds / 2);
  await page.close();

  const pages = [];
  for (const path of links.slice(0, device_pages)) {
    const opened = await context.newPage();
    await opened.goto(url + path);
    await opened.waitForSelector('.readout a');
    pages.push(opened);
  }
  const devices = await measure(pages, seconds);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  console.log(
    JSON.stringify({
      ...summary('device_dom', devices.dom),
      ...summary('device_socket', devices.socket),
      device_pages: pages.length,
      device_overtaken: devices.never_seen,
      ...summary('list_dom', list.dom),
      ...summary('list_socket', list.socket),
      list_devices: links.length,
      browser: browser.version(),
    }),
  );
} finally {
  await browser.close();
}
