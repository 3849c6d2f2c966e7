import type { FigureDifference, FigureRule } from '../../api/types.ts';
import { useLanguage } from '../../i18n/index.tsx';

/** Whether everything on the way holds: in words, and loud when it does not. */
export function Verdict({ holds, good, bad }: { holds: boolean; good: string; bad: string }) {
  return (
    <p className={holds ? 'figure-verdict is-good' : 'figure-verdict is-bad'} role={holds ? 'status' : 'alert'}>
      <span aria-hidden="true">{holds ? '✓' : '✗'}</span> {holds ? good : bad}
    </p>
  );
}

export function Rules({ rules }: { rules: FigureRule[] }) {
  const { t, language } = useLanguage();
  return (
    <section>
      <h3>{t('figure.rules')}</h3>
      <ul className="figure-rules">
        {rules.map((rule) => (
          <li key={rule.code}>{language === 'en' ? rule.text_en : rule.text_zh}</li>
        ))}
      </ul>
    </section>
  );
}

/** What is kept beside what comes out now. */
export function Differences({ differences }: { differences: FigureDifference[] }) {
  const { t } = useLanguage();
  return (
    <ul className="figure-differences">
      {differences.map(({ field, stored, anew }) => (
        <li key={field}>
          <span className="mono">{field}</span>: {t('figure.stored_anew', { stored: stored || '–', anew: anew || '–' })}
        </li>
      ))}
    </ul>
  );
}
