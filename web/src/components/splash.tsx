import { useLanguage } from '../i18n/index.tsx';
import { Mark } from '../theme/mark.tsx';

/** Shown while it is not yet known what to show. */
export function Splash() {
  const { t } = useLanguage();
  return (
    <main className="splash" aria-busy="true">
      <Mark size={56} />
      <p className="visually-hidden">{t('common.loading')}</p>
    </main>
  );
}
