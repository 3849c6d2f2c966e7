import type { Language } from '../../i18n/index.tsx';

export interface Titled {
  name: string;
  title_zh: string;
  title_en: string;
}

/** A model's own title in the user's language; its name where the file gives none. */
export function title_in(language: Language, one: Titled): string {
  return (language === 'en' ? one.title_en : one.title_zh) || one.name.replaceAll('_', ' ');
}
