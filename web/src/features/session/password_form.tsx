import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { ApiError, api } from '../../api/client.ts';
import { session_key } from '../../api/queries.ts';
import type { Session } from '../../api/types.ts';
import { problem_text } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import './login.css';
import { PasswordField } from './password_field.tsx';
import { password_characters_min, password_fault } from './password_rules.ts';
import { session_lost } from './session.tsx';
import { useCountdown } from './use_countdown.ts';

const nothing = { old_password: '', new_password: '', repeated: '' };

/** Changes the password of whoever is logged in. */
export function PasswordForm({ user, on_done }: { user: string; on_done?: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [draft, setDraft] = useState(nothing);
  const [was_tried, setTried] = useState(false);
  const [is_sending, setSending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [wait_s, startWait] = useCountdown();
  const form = useRef<HTMLFormElement>(null);
  const found = was_tried ? password_fault({ user, ...draft }) : null;
  const fault_of = (field: keyof typeof nothing) =>
    found?.field === field ? t(`password.${found.fault}`, { count: password_characters_min }) : null;
  const focus = (field: keyof typeof nothing) => form.current?.querySelector<HTMLInputElement>(`input[name="${field}"]`)?.focus();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (is_sending || wait_s > 0) return;
    setTried(true);
    setFailure(null);
    const fault = password_fault({ user, ...draft });
    if (fault) {
      focus(fault.field);
      return;
    }
    setSending(true);
    try {
      const session = await api.change_password(draft.old_password, draft.new_password);
      setDraft(nothing);
      setTried(false);
      client.setQueryData<Session | null>(session_key, session);
      on_done?.();
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return session_lost(client);
      setFailure(error);
      if (error instanceof ApiError && error.status === 429) startWait(error.problem?.retry_after_s ?? 30);
      focus(error instanceof ApiError && error.problem?.code === 'wrong_password' ? 'old_password' : 'new_password');
    } finally {
      setSending(false);
    }
  };

  const failure_text = () => {
    if (wait_s > 0) return t('session.throttled', { seconds: wait_s });
    if (failure === null || (failure instanceof ApiError && failure.status === 429)) return null;
    const code = failure instanceof ApiError ? failure.problem?.code : undefined;
    if (code === 'wrong_password') return t('password.wrong');
    if (code === 'password_unsuitable') return t('password.unsuitable', { count: password_characters_min });
    return problem_text(failure, t);
  };
  const change = (field: keyof typeof nothing) => (value: string) => setDraft((before) => ({ ...before, [field]: value }));
  return (
    <form className="login-form password-form" noValidate onSubmit={(event) => void submit(event)} ref={form}>
      {/* Tells a password manager whose password this is. */}
      <input type="text" name="name" autoComplete="username" value={user} readOnly hidden />
      <PasswordField
        name="old_password"
        label={t('password.old')}
        auto_complete="current-password"
        value={draft.old_password}
        fault={fault_of('old_password')}
        on_change={change('old_password')}
      />
      <PasswordField
        name="new_password"
        label={t('password.new')}
        auto_complete="new-password"
        value={draft.new_password}
        fault={fault_of('new_password')}
        hint={t('password.rule', { count: password_characters_min })}
        on_change={change('new_password')}
      />
      <PasswordField
        name="repeated"
        label={t('password.repeated')}
        auto_complete="new-password"
        value={draft.repeated}
        fault={fault_of('repeated')}
        on_change={change('repeated')}
      />
      <div className="login-failure" role="alert">
        {failure_text()}
      </div>
      <button type="submit" className="button button-main login-submit" disabled={is_sending || wait_s > 0}>
        {t(is_sending ? 'password.submitting' : 'password.submit')}
      </button>
    </form>
  );
}
