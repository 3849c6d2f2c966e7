import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';

// What jsdom lacks and the pages use.
class QuietObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}

if (typeof window !== 'undefined') {
  // Finding out what the style sheets hide takes seconds for each query here; the browser tests look at real visibility.
  configure({ defaultHidden: true, asyncUtilTimeout: 5_000 });
  vi.stubGlobal('ResizeObserver', QuietObserver);
  window.scrollTo = () => undefined;
  window.matchMedia = (query) =>
    ({
      matches: false,
      media: query,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      addListener: () => undefined,
      removeListener: () => undefined,
    }) as unknown as MediaQueryList;
  beforeEach(() => {
    localStorage.clear();
    localStorage.setItem('duheng.language', 'zh-CN');
  });
  afterEach(() => {
    vi.useRealTimers();
    cleanup();
  });
}
