import { brand } from './theme.ts';

/** What components/splash.tsx draws, for the page as it is served: in both languages, as none is chosen yet. */
export function splash_html(): string {
  const { mark } = brand;
  return [
    '<main class="splash" aria-busy="true">',
    `<svg class="mark" width="56" height="56" viewBox="0 0 ${mark.size} ${mark.size}" aria-hidden="true" focusable="false">`,
    `<path class="mark-lines" d="${mark.beam}"/><path class="mark-lines mark-rule" d="${mark.rule}"/>`,
    `<path class="mark-needle" d="${mark.needle}"/>`,
    `<circle class="mark-needle" cx="${mark.pivot.x}" cy="${mark.pivot.y}" r="${mark.pivot.radius}"/>`,
    '</svg><p class="visually-hidden">正在加载 <span lang="en">Loading</span></p></main>',
  ].join('');
}
