/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { mock_api } from './demo/vite_plugin.ts';
import { splash_html } from './src/theme/splash_html.ts';
import { theme_css } from './src/theme/theme_css.ts';

const theme_id = 'virtual:theme.css';

/** Gives the tokens of src/theme/theme.ts to the style sheets, so that there is one place for colours. */
function theme_style_sheet(): Plugin {
  return {
    name: 'duheng-theme',
    resolveId: (id) => (id === theme_id ? `\0${theme_id}` : undefined),
    load: (id) => (id === `\0${theme_id}` ? theme_css() : undefined),
    // The splash stands before the script has come; React then draws the same over it.
    transformIndexHtml: (html) => html.replace('<div id="root"></div>', `<div id="root">${splash_html()}</div>`),
  };
}

export default defineConfig(({ mode }) => ({
  plugins: [react(), theme_style_sheet(), ...(mode === 'mock' ? [mock_api()] : [])],
  build: {
    target: 'es2022',
    // Inlined data: fonts and scripts would need a looser content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  // During development the API of a running platform is reached through this server.
  server:
    mode === 'mock'
      ? {}
      : { proxy: { '/api': { target: process.env.DUHENG_URL ?? 'https://127.0.0.1:8443', secure: false, ws: true } } },
  test: {
    // Tests of whole pages ask for a browser's world in their first line; the rest needs none.
    environment: 'node',
    setupFiles: ['test/setup.ts'],
    include: ['src/**/*.test.{ts,tsx}', 'demo/**/*.test.ts'],
    restoreMocks: true,
    testTimeout: 20_000,
  },
}));
