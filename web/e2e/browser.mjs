// A headless Chromium for the browser tests and the pictures.
import { chromium } from 'playwright-core';

export function launch() {
  return chromium.launch({
    executablePath: process.env.DUHENG_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page with a fresh profile; `faults` collects console errors, page errors and requests that left for elsewhere. */
export async function new_page(browser, { viewport, theme, language } = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: viewport ?? { width: 1440, height: 900 },
    colorScheme: theme ?? 'light',
    locale: language ?? 'zh-CN',
    ...(viewport && viewport.width < 720 ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.DUHENG_TIMEOUT_MS ?? 30_000));
  const faults = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      faults.push(`${message.type()}: ${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => faults.push(`page error: ${error.message}`));
  page.on('request', (request) => {
    const own = new URL(process.env.DUHENG_URL ?? request.url());
    const asked = new URL(request.url());
    if (asked.protocol.startsWith('http') && asked.host !== own.host) faults.push(`left for ${asked.host}`);
  });
  return { context, page, faults };
}
