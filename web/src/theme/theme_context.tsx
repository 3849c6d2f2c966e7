import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { palettes, type ThemeName } from './theme.ts';

export type ThemeChoice = ThemeName | 'system';
const storage_key = 'duheng.theme';
const dark_query = '(prefers-color-scheme: dark)';

interface ThemeState {
  choice: ThemeChoice;
  theme: ThemeName;
  choose: (choice: ThemeChoice) => void;
}
const ThemeContext = createContext<ThemeState | null>(null);

function stored_choice(): ThemeChoice {
  const stored = localStorage.getItem(storage_key);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function subscribe_to_system(notify: () => void): () => void {
  const query = window.matchMedia(dark_query);
  query.addEventListener('change', notify);
  return () => query.removeEventListener('change', notify);
}

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState(stored_choice);
  const system_is_dark = useSyncExternalStore(subscribe_to_system, () => window.matchMedia(dark_query).matches);
  const theme: ThemeName = choice === 'system' ? (system_is_dark ? 'dark' : 'light') : choice;

  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', palettes[theme].rail);
  }, [theme]);

  const state = useMemo<ThemeState>(
    () => ({
      choice,
      theme,
      choose: (next) => {
        if (next === 'system') localStorage.removeItem(storage_key);
        else localStorage.setItem(storage_key, next);
        setChoice(next);
      },
    }),
    [choice, theme],
  );
  return <ThemeContext value={state}>{children}</ThemeContext>;
}

export function useTheme(): ThemeState {
  const state = useContext(ThemeContext);
  if (!state) throw new Error('ThemeProvider is missing');
  return state;
}
