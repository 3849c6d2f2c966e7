import { type KeyboardEvent, type ReactNode, useId, useState } from 'react';
import { Icon } from '../../components/icons.tsx';
import { useLanguage } from '../../i18n/index.tsx';

interface PasswordFieldProps {
  name: string;
  label: string;
  auto_complete: 'current-password' | 'new-password';
  value: string;
  /** What is wrong with what was given; null while nothing is known to be. */
  fault: string | null;
  hint?: ReactNode;
  on_change: (value: string) => void;
}

/** A password that can be looked at, with a word about the caps lock. */
export function PasswordField({ name, label, auto_complete, value, fault, hint, on_change }: PasswordFieldProps) {
  const { t } = useLanguage();
  const id = useId();
  const [is_shown, setShown] = useState(false);
  const [has_caps_lock, setCapsLock] = useState(false);
  const watch_caps_lock = (event: KeyboardEvent) => setCapsLock(event.getModifierState('CapsLock'));
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="input-frame">
        <input
          id={id}
          name={name}
          type={is_shown ? 'text' : 'password'}
          autoComplete={auto_complete}
          required
          aria-invalid={fault !== null}
          maxLength={1000}
          value={value}
          onChange={(event) => on_change(event.target.value)}
          onKeyDown={watch_caps_lock}
          onKeyUp={watch_caps_lock}
          onBlur={() => setCapsLock(false)}
          aria-describedby={`${id}-hint`}
        />
        <button
          type="button"
          className="input-button"
          aria-pressed={is_shown}
          aria-label={t(is_shown ? 'session.hide_password' : 'session.show_password')}
          onClick={() => setShown(!is_shown)}
        >
          <Icon name={is_shown ? 'eye_off' : 'eye'} />
        </button>
      </div>
      <p id={`${id}-hint`} className="field-hint" aria-live="polite">
        {fault ?? (has_caps_lock ? `⇪ ${t('session.caps_lock')}` : hint)}
      </p>
    </div>
  );
}
