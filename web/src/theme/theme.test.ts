import { describe, expect, it } from 'vitest';
import { field_tints, palettes, type ThemeName } from './theme.ts';
import { theme_css } from './theme_css.ts';

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [dark = 0, bright = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (bright + 0.05) / (dark + 0.05);
}

describe.each(['light', 'dark'] as ThemeName[])('%s', (theme) => {
  const palette = palettes[theme];
  const grounds = ['ground', 'surface', 'raised', 'sunken'] as const;
  const texts = ['ink', 'ink_soft', 'accent', 'online', 'late', 'offline', 'never'] as const;

  it.each(texts.flatMap((text) => grounds.map((ground) => [text, ground] as const)))('%s can be read on %s', (text, ground) => {
    expect(contrast(palette[text], palette[ground])).toBeGreaterThanOrEqual(4.5);
  });

  it('texts on coloured grounds can be read', () => {
    expect(contrast(palette.on_accent, palette.accent)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.late, palette.late_soft)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.ink, palette.offline_soft)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.rail_ink_soft, palette.rail)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.rail_ink, palette.rail_active)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.line_strong, palette.surface)).toBeGreaterThanOrEqual(3);
  });

  it.each(field_tints[theme])('octets can be read on the tint $ground and when marked', ({ ground, edge }) => {
    expect(contrast(palette.ink, ground)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(palette.surface, edge)).toBeGreaterThanOrEqual(4.5);
  });
});

describe('style sheet', () => {
  it('carries every token of both themes', () => {
    const css = theme_css();
    for (const palette of Object.values(palettes)) for (const value of Object.values(palette)) expect(css).toContain(value);
    expect(css.match(/--ground:/g)).toHaveLength(4);
  });
});
