import type { Alarm, AlarmKind, AlarmText } from '../../api/types.ts';
import type { Language } from '../../i18n/index.tsx';

function in_language(text: AlarmText, language: Language): string {
  return language === 'en' ? text.en : text.zh_cn;
}

export interface KindTexts {
  title: string;
  message: string;
  remedy: string;
}

/** A kind's texts with the alarm's facts in their places; a kind not in the list shows its word. */
export function texts_of(alarm: Pick<Alarm, 'kind' | 'facts'>, kinds: readonly AlarmKind[], language: Language): KindTexts {
  const kind = kinds.find((one) => one.kind === alarm.kind);
  if (!kind) return { title: alarm.kind, message: '', remedy: '' };
  const fill = (text: AlarmText) =>
    in_language(text, language).replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = alarm.facts[name];
      if (value === undefined) return whole;
      // A fact may name a kind itself.
      return name === 'kind' ? kind_title(value, kinds, language) : value;
    });
  return { title: fill(kind.title), message: fill(kind.message), remedy: fill(kind.remedy) };
}

export function kind_title(word: string, kinds: readonly AlarmKind[], language: Language): string {
  const kind = kinds.find((one) => one.kind === word);
  return kind ? in_language(kind.title, language) : word;
}
