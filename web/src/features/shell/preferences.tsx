import { Icon } from '../../components/icons.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { type ThemeChoice, useTheme } from '../../theme/theme_context.tsx';

const choices: readonly ThemeChoice[] = ['light', 'dark', 'system'];
const theme_icons = { light: 'sun', dark: 'moon', system: 'system' } as const;

/** Names the other language in that language, so that whoever landed in the wrong one finds the way out. */
export function LanguageSwitch() {
  const { language, choose } = useLanguage();
  const other = language === 'en' ? 'zh-CN' : 'en';
  return (
    <button type="button" className="button button-quiet language-switch" lang={other} onClick={() => choose(other)}>
      <Icon name="language" />
      {other === 'en' ? 'English' : '中文'}
    </button>
  );
}

export function ThemeSwitch() {
  const { choice, choose } = useTheme();
  const { t } = useLanguage();
  return (
    <fieldset className="segmented theme-switch">
      <legend className="visually-hidden">{t('preferences.theme')}</legend>
      {choices.map((one) => (
        <label key={one} className={one === choice ? 'is-chosen' : ''} title={t(`preferences.theme_${one}`)}>
          <input type="radio" name="theme" className="visually-hidden" checked={one === choice} onChange={() => choose(one)} />
          <Icon name={theme_icons[one]} size={16} />
          <span className="visually-hidden">{t(`preferences.theme_${one}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}
