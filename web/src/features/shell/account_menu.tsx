import { useEffect, useId, useRef, useState } from 'react';
import { Link } from 'react-router';
import type { Session } from '../../api/types.ts';
import { Icon } from '../../components/icons.tsx';
import { date_time_text, usable_time_zone } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { useLogOut } from '../session/session.tsx';
import { LanguageSwitch, ThemeSwitch } from './preferences.tsx';

/** Who is logged in, preferences, and the way out. */
export function AccountMenu({ session }: { session: Session }) {
  const { t } = useLanguage();
  const [is_open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const log_out = useLogOut();

  useEffect(() => {
    if (!is_open) return;
    const on_pointer = (event: PointerEvent) => {
      if (!frame.current?.contains(event.target as Node)) setOpen(false);
    };
    const on_key = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      setOpen(false);
      opener.current?.focus();
    };
    document.addEventListener('pointerdown', on_pointer);
    document.addEventListener('keydown', on_key);
    return () => {
      document.removeEventListener('pointerdown', on_pointer);
      document.removeEventListener('keydown', on_key);
    };
  }, [is_open]);

  const expires = date_time_text(Date.parse(session.expires), usable_time_zone(undefined));
  return (
    <div className="account" ref={frame}>
      <button
        ref={opener}
        type="button"
        className="button button-quiet account-opener"
        aria-expanded={is_open}
        aria-controls={id}
        onClick={() => setOpen(!is_open)}
      >
        <Icon name="user" />
        <span className="account-name">{session.user}</span>
        <span className="visually-hidden">{t('session.account')}</span>
        <Icon name="down" size={12} />
      </button>
      {is_open && (
        <div className="account-card" id={id}>
          <p className="account-user">{session.user}</p>
          <p className="faint">
            {[t(`session.role_${session.role}`), session.organisation || t('session.whole_platform')].join(' · ')}
          </p>
          <p className="faint small">{t('session.expires', { time: expires })}</p>
          <div className="account-row">
            <LanguageSwitch />
            <ThemeSwitch />
          </div>
          <Link to="/password" className="button account-password" onClick={() => setOpen(false)}>
            {t('password.title')}
          </Link>
          <button type="button" className="button account-out" onClick={() => void log_out()}>
            <Icon name="log_out" />
            {t('session.log_out')}
          </button>
        </div>
      )}
    </div>
  );
}
