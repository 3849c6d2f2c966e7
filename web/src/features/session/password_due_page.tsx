import { useEffect } from 'react';
import type { Session } from '../../api/types.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { Mark } from '../../theme/mark.tsx';
import { LanguageSwitch, ThemeSwitch } from '../shell/preferences.tsx';
import { PasswordForm } from './password_form.tsx';
import { useLogOut } from './session.tsx';

/** Stands before everything else until a given password has become one's own. */
export default function PasswordDuePage({ session }: { session: Session }) {
  const { t } = useLanguage();
  const log_out = useLogOut();
  useEffect(() => {
    document.title = `${t('password.title')} · ${t('app.name')}`;
  }, [t]);
  return (
    <main className="login-main password-due">
      <div className="login-preferences">
        <LanguageSwitch />
        <ThemeSwitch />
      </div>
      <div className="login-card">
        <div className="login-brand">
          <Mark size={44} />
          <h1 className="login-name">{t('password.due_title')}</h1>
          <p className="login-tagline">{t('password.due_text', { user: session.user })}</p>
        </div>
        <PasswordForm user={session.user} />
        <button type="button" className="button button-quiet password-out" onClick={() => void log_out()}>
          {t('session.log_out')}
        </button>
      </div>
    </main>
  );
}
