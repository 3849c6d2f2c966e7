// The terminals that operators have: a desktop by keyboard alone, an industrial tablet by touch alone, the control room's wall.
// Needs a running system; see browser.test.mjs.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { launch, new_page } from './browser.mjs';
import { password, take_picture, url, user } from './world.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

const picture = (page, name) => take_picture(page, name);

/** Presses Tab until what has the focus satisfies `wanted`; fails when the keyboard goes round without finding it. */
async function tab_to(page, wanted, what) {
  for (let presses = 0; presses < 120; ++presses) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(wanted)) {
      const is_marked = await page.evaluate(() => {
        // A field may be marked by its frame.
        const { activeElement: here } = document;
        return [here, here.parentElement, here.parentElement?.parentElement].some((one) => {
          const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
          return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
        });
      });
      assert.ok(is_marked, `${what}: where the keyboard is cannot be seen`);
      return;
    }
  }
  assert.fail(`${what} cannot be reached by Tab`);
}

describe('a desktop by keyboard alone', { concurrency: false }, () => {
  it('logs in, opens the list, a meter, and its parts', async () => {
    const { context, page, faults } = await new_page(browser, { viewport: { width: 1440, height: 900 } });
    await page.goto(url);
    await page.waitForSelector('form.login-form');
    await tab_to(page, () => document.activeElement?.name === 'name', 'the name');
    await page.keyboard.type(user);
    await tab_to(page, () => document.activeElement?.name === 'password', 'the password');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('nav.navigation');
    await tab_to(page, () => document.activeElement?.getAttribute('href') === '/devices', 'the list of meters');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.device-table tbody tr');
    await tab_to(page, () => /^\/devices\/\d+$/.test(document.activeElement?.getAttribute('href') ?? ''), 'a meter');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/devices\/\d+/);
    await page.waitForSelector('h1');
    await tab_to(page, () => document.activeElement?.matches('a[href*="/control"], [role="tab"]'), 'the parts of a meter');
    assert.deepEqual(faults, []);
    await context.close();
  });
});

describe('an industrial tablet by touch alone', { concurrency: false }, () => {
  it('taps its way to a meter in both directions of the screen, with targets that a finger meets', async () => {
    for (const viewport of [
      { width: 1024, height: 768 },
      { width: 768, height: 1024 },
    ]) {
      const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, hasTouch: true, locale: 'zh-CN' });
      const page = await context.newPage();
      await page.goto(url);
      await page.tap('input[name="name"]');
      await page.keyboard.type(user);
      await page.tap('input[name="password"]');
      await page.keyboard.type(password);
      await page.tap('button[type="submit"]');
      await page.waitForSelector('nav.navigation');
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('nav.navigation a')]
          .map((link) => ({ name: link.textContent, box: link.getBoundingClientRect() }))
          .filter(({ box }) => box.width > 0 && Math.min(box.width, box.height) < 24)
          .map(({ name }) => name),
      );
      assert.deepEqual(small, [], 'WCAG 2.2 AA: at least 24 px');
      await page.tap('nav.navigation a[href="/devices"]');
      await page.waitForSelector('.device-table tbody tr');
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(over <= 0, `${over} px too wide at ${viewport.width}`);
      await page.tap('.device-table tbody a[href^="/devices/"]');
      await page.waitForURL(/\/devices\/\d+/);
      await page.waitForSelector('h1');
      await picture(page, `tablet-${viewport.width}`);
      await context.close();
    }
  });
});

describe('the wall of a control room', { concurrency: false }, () => {
  const title = (page) => page.textContent('.wall-name');
  it('turns by itself, by key and by touch, fills a screen of any size, and is left again', async () => {
    const { context, page, faults } = await new_page(browser, { viewport: { width: 1920, height: 1080 }, theme: 'dark' });
    await page.goto(`${url}/wall`);
    await page.waitForSelector('form.login-form');
    await page.fill('input[name="name"]', user);
    await page.fill('input[name="password"]', password);
    await page.click('button[type="submit"]');
    await page.waitForSelector('.wall-head');
    assert.equal(await page.locator('nav.navigation').count(), 0);
    const first = await title(page);
    await picture(page, 'wall-1920');

    await page.click('button:has-text("轮播设置")');
    await page.fill('.wall-settings input[type="number"]', '5');
    await page.click('.wall-settings button[type="submit"]');
    await page.waitForFunction((before) => document.querySelector('.wall-name')?.textContent !== before, first, {
      timeout: 15_000,
    });
    const second = await title(page);
    await page.keyboard.press(' ');
    await page.waitForTimeout(6_000);
    assert.equal(await title(page), second, 'held');
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction((before) => document.querySelector('.wall-name')?.textContent !== before, second);
    assert.equal(await title(page), first);

    await page.setViewportSize({ width: 3840, height: 2160 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(over <= 0, `${over} px too wide`);
    const type_px = await page.evaluate(() => document.querySelector('.wall-name').getBoundingClientRect().height);
    assert.ok(type_px > 40, `a head of ${type_px} px cannot be read from across the room`);
    await picture(page, 'wall-3840');
    await page.click('button:has-text("退出大屏")');
    await page.waitForSelector('nav.navigation');
    assert.deepEqual(faults, []);
    await context.close();
  });
});
