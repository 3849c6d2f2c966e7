import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { en } from './en.ts';
import { zh_cn } from './zh_cn.ts';

export type MessageKey = keyof typeof zh_cn;
/** A language: one text for every key. A missing or surplus key does not compile. */
export type Messages = Record<MessageKey, string>;
export type Language = 'zh-CN' | 'en';

/** The names between braces in a text, e.g. 'count' in '共 {count} 条'. */
type ParameterNames<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;
type Parameters<Key extends MessageKey> = Record<ParameterNames<(typeof zh_cn)[Key]>, string | number>;
type Arguments<Key extends MessageKey> = [ParameterNames<(typeof zh_cn)[Key]>] extends [never]
  ? []
  : [parameters: Parameters<Key>];

/** Gives the text of `key`; parameters are checked against the text by the compiler. Numbers are set in the language's way. */
export type Translate = <Key extends MessageKey>(key: Key, ...parameters: Arguments<Key>) => string;

const languages: Record<Language, Messages> = { 'zh-CN': zh_cn, en };
const storage_key = 'duheng.language';

export function translator(language: Language): Translate {
  const messages = languages[language];
  const numbers = new Intl.NumberFormat(language);
  return (key, ...[parameters]) =>
    messages[key].replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = (parameters as Record<string, string | number> | undefined)?.[name];
      return value === undefined ? whole : typeof value === 'number' ? numbers.format(value) : value;
    });
}

/** True for a key that has a text: for keys made at run time, such as register names. */
export function is_message_key(key: string): key is MessageKey {
  return Object.hasOwn(zh_cn, key);
}

interface LanguageState {
  language: Language;
  choose: (language: Language) => void;
  t: Translate;
}
const LanguageContext = createContext<LanguageState | null>(null);

function first_language(): Language {
  const stored = localStorage.getItem(storage_key);
  if (stored === 'zh-CN' || stored === 'en') return stored;
  return navigator.language.toLowerCase().startsWith('en') ? 'en' : 'zh-CN';
}

export function LanguageProvider({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(first_language);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const state = useMemo<LanguageState>(
    () => ({
      language,
      choose: (next) => {
        localStorage.setItem(storage_key, next);
        setLanguage(next);
      },
      t: translator(language),
    }),
    [language],
  );
  return <LanguageContext value={state}>{children}</LanguageContext>;
}

export function useLanguage(): LanguageState {
  const state = useContext(LanguageContext);
  if (!state) throw new Error('LanguageProvider is missing');
  return state;
}
