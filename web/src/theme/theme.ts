/**
 * The visual identity of Duheng, in one place: name, mark, colours, type and spacing. Everything else reads from here: the
 * style sheet gets these tokens as custom properties (see theme_css.ts), Ant Design as its tokens, charts as colours.
 *
 * The idea: an instrument, not a dashboard. A quiet bench-grey ground, petrol green for what is in order and for what can be
 * pressed, brass for the needle: the one thing to look at. State never rests on colour alone; each has its own shape. The four
 * state colours differ in lightness as well as hue, so that they stay apart for red-green blind people.
 */
export const brand = {
  name_zh: '度衡',
  name_en: 'Duheng',
  /** A balance beam whose tongue points at the zero of a graduated rule; 32 × 32. `needle` is drawn in brass. */
  mark: {
    size: 32,
    beam: 'M4 8.5h24M6.5 8.5v5.5M25.5 8.5v5.5M3.5 14h6M22.5 14h6',
    rule: 'M4 27.5v-3.5M8 27.5v-2.5M12 27.5v-2.5M20 27.5v-2.5M24 27.5v-2.5M28 27.5v-3.5M4 27.5h24',
    needle: 'M14.6 8.5h2.8L16 25z',
    pivot: { x: 16, y: 8.5, radius: 2.4 },
  },
} as const;

export type ThemeName = 'light' | 'dark';

export interface Palette {
  ground: string;
  surface: string;
  raised: string;
  sunken: string;
  line: string;
  line_strong: string;
  ink: string;
  ink_soft: string;
  accent: string;
  accent_strong: string;
  accent_soft: string;
  on_accent: string;
  needle: string;
  needle_soft: string;
  online: string;
  late: string;
  offline: string;
  never: string;
  late_soft: string;
  offline_soft: string;
  focus: string;
  rail: string;
  rail_ink: string;
  rail_ink_soft: string;
  rail_active: string;
  shadow: string;
}

export const palettes: Record<ThemeName, Palette> = {
  light: {
    ground: '#eff2f1',
    surface: '#ffffff',
    raised: '#ffffff',
    sunken: '#f5f7f6',
    line: '#dbe1df',
    line_strong: '#84918d',
    ink: '#14211f',
    ink_soft: '#51605c',
    accent: '#0a6660',
    accent_strong: '#074e4a',
    accent_soft: '#e0efed',
    on_accent: '#ffffff',
    needle: '#9a5a00',
    needle_soft: '#fbf0dc',
    online: '#0b6e68',
    late: '#915400',
    offline: '#b3261e',
    never: '#5c6a76',
    late_soft: '#fbf0dc',
    offline_soft: '#fbe6e3',
    focus: '#b36a00',
    rail: '#10211f',
    rail_ink: '#eef5f3',
    rail_ink_soft: '#a5b8b3',
    rail_active: '#1f3a37',
    shadow: '0 1px 2px rgb(16 33 31 / 6%), 0 4px 16px rgb(16 33 31 / 5%)',
  },
  dark: {
    ground: '#0c1211',
    surface: '#141c1b',
    raised: '#1a2423',
    sunken: '#101817',
    line: '#273331',
    line_strong: '#6a7a76',
    ink: '#e6eeeb',
    ink_soft: '#9dada8',
    accent: '#5cc7bd',
    accent_strong: '#84dad2',
    accent_soft: '#143230',
    on_accent: '#06201e',
    needle: '#e9b35c',
    needle_soft: '#30260f',
    online: '#58c9be',
    late: '#eab04f',
    offline: '#ff8a7d',
    never: '#9aa8b5',
    late_soft: '#30260f',
    offline_soft: '#3a1b18',
    focus: '#f0bd68',
    rail: '#0a100f',
    rail_ink: '#e6eeeb',
    rail_ink_soft: '#94a6a1',
    rail_active: '#1b2b29',
    shadow: '0 1px 2px rgb(0 0 0 / 40%)',
  },
};

/** Tints that tell a frame's fields apart; neighbours in the list are far apart in hue. Used as grounds, never for text. */
export const field_tints: Record<ThemeName, readonly { ground: string; edge: string }[]> = {
  light: [
    { ground: '#e3e9f7', edge: '#3f5fae' },
    { ground: '#fbe9cf', edge: '#a76605' },
    { ground: '#dcf0ec', edge: '#0b7a70' },
    { ground: '#f7e1ee', edge: '#a33b78' },
    { ground: '#eaf0d4', edge: '#5f7310' },
    { ground: '#ece3f7', edge: '#7148ab' },
    { ground: '#fae2da', edge: '#b24a26' },
    { ground: '#dceef6', edge: '#17719a' },
  ],
  dark: [
    { ground: '#1c2740', edge: '#8fabf2' },
    { ground: '#38290f', edge: '#e9b35c' },
    { ground: '#10332f', edge: '#5cc7bd' },
    { ground: '#3a1d2f', edge: '#ee94c6' },
    { ground: '#2a3012', edge: '#bdd05a' },
    { ground: '#2c2040', edge: '#bd9cf0' },
    { ground: '#3b2118', edge: '#f29a78' },
    { ground: '#122f3c', edge: '#74c3e6' },
  ],
};

/** Curves of the phases A, B, C and of everything else; distinguishable without hue by their order and legend. */
export const curve_colors: Record<ThemeName, { line: string; band: string }> = {
  light: { line: '#0a6660', band: 'rgb(10 102 96 / 16%)' },
  dark: { line: '#5cc7bd', band: 'rgb(92 199 189 / 20%)' },
};

export const type = {
  sans: '-apple-system, "Segoe UI", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", system-ui, sans-serif',
  mono: 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", Consolas, "DejaVu Sans Mono", "Noto Sans Mono CJK SC", monospace',
  size: { small: '12px', body: '14px', lead: '16px', title: '20px', figure: '22px', large: '32px' },
} as const;

/** Steps of 4 px. */
export const space = ['0', '4px', '8px', '12px', '16px', '24px', '32px', '48px'] as const;
export const radius = { small: '4px', medium: '8px', large: '12px' } as const;
