// Draws public/favicon.svg and the PNG icons from the mark in src/theme/theme.ts; run by hand when the mark changes.
import { writeFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';

const vite = await createServer({ server: { middlewareMode: true }, appType: 'custom', logLevel: 'error' });
const { brand, palettes } = await vite.ssrLoadModule('/src/theme/theme.ts');
await vite.close();
const { mark } = brand;
const { rail, rail_ink } = palettes.light;
const { needle } = palettes.dark;
const lines = `fill="none" stroke="${rail_ink}" stroke-width="1.8" stroke-linecap="round"`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -3.5 40 40"><title>${brand.name_zh} ${brand.name_en}</title><rect x="-4" y="-3.5" width="40" height="40" rx="9" fill="${rail}"/>
<path ${lines} d="${mark.beam}"/><path ${lines} d="${mark.rule}"/>
<path fill="${needle}" d="${mark.needle}"/><circle fill="${needle}" cx="${mark.pivot.x}" cy="${mark.pivot.y}" r="${mark.pivot.radius}"/></svg>
`;
const folder = new URL('../public/', import.meta.url);
await writeFile(new URL('favicon.svg', folder), svg);

const browser = await chromium.launch({
  executablePath: process.env.DUHENG_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
});
for (const size of [192, 512]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<style>body{margin:0;background:${rail}}svg{display:block}</style>${svg.replace('<svg ', `<svg width="${size}" `)}`,
  );
  await writeFile(new URL(`icon-${size}.png`, folder), await page.screenshot());
}
await browser.close();
