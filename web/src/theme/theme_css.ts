import { field_tints, palettes, radius, space, type ThemeName, type } from './theme.ts';

function custom_properties(theme: ThemeName): string {
  const lines = Object.entries(palettes[theme]).map(([name, value]) => `--${name.replaceAll('_', '-')}: ${value};`);
  field_tints[theme].forEach((tint, index) => {
    lines.push(`--tint-${index}: ${tint.ground};`, `--tint-edge-${index}: ${tint.edge};`);
  });
  return `color-scheme: ${theme}; ${lines.join(' ')}`;
}

/** The tokens of theme.ts as a style sheet. Until a choice is known the system's preference decides. */
export function theme_css(): string {
  const shared = [
    `--sans: ${type.sans};`,
    `--mono: ${type.mono};`,
    ...Object.entries(type.size).map(([name, value]) => `--size-${name}: ${value};`),
    ...space.map((value, index) => `--space-${index}: ${value};`),
    ...Object.entries(radius).map(([name, value]) => `--radius-${name}: ${value};`),
  ].join(' ');
  return [
    `:root { ${shared} ${custom_properties('light')} }`,
    `@media (prefers-color-scheme: dark) { :root { ${custom_properties('dark')} } }`,
    `:root[data-theme='light'] { ${custom_properties('light')} }`,
    `:root[data-theme='dark'] { ${custom_properties('dark')} }`,
  ].join('\n');
}
