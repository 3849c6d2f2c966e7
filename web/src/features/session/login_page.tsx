import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { Navigate, useLocation, useNavigate, useSearchParams } from 'react-router';
import { ApiError, api } from '../../api/client.ts';
import { problem_text } from '../../components/problem_view.tsx';
import { type Translate, useLanguage } from '../../i18n/index.tsx';
import { Mark } from '../../theme/mark.tsx';
import { LanguageSwitch, ThemeSwitch } from '../shell/preferences.tsx';
import './login.css';
import { PasswordField } from './password_field.tsx';
import { forget_answers, safe_next, session_begun, useSession } from './session.tsx';
import { useCountdown } from './use_countdown.ts';

function failure_text(error: unknown, t: Translate): string {
  return error instanceof ApiError && error.status === 401 ? t('session.wrong') : problem_text(error, t);
}

function LoginForm() {
  const { t } = useLanguage();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [parameters] = useSearchParams();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [is_sending, setSending] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const [wait_s, startWait] = useCountdown();
  const [was_tried_empty, setTriedEmpty] = useState(false);
  const is_missing = (value: string) => was_tried_empty && value === '';
  const name_id = useId();
  const form = useRef<HTMLFormElement>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (is_sending || wait_s > 0) return;
    const empty = name === '' ? 'name' : password === '' ? 'password' : null;
    setTriedEmpty(empty !== null);
    if (empty) {
      form.current?.querySelector<HTMLInputElement>(`input[name="${empty}"]`)?.focus();
      return;
    }
    setSending(true);
    setFailure(null);
    try {
      session_begun(client, await api.log_in(name, password));
      navigate(safe_next(parameters.get('next')), { replace: true });
    } catch (error) {
      setFailure(error);
      if (error instanceof ApiError && error.status === 429) startWait(error.problem?.retry_after_s ?? 30);
      setPassword('');
      form.current?.querySelector<HTMLInputElement>('input[name="password"]')?.focus();
    } finally {
      setSending(false);
    }
  };

  const is_throttled = wait_s > 0;
  // A throttling answer says nothing any more once its time has run out.
  const shown = failure instanceof ApiError && failure.status === 429 ? null : failure;
  const request_id = shown instanceof ApiError && shown.status !== 401 ? shown.problem?.request_id : undefined;
  return (
    <form className="login-form" noValidate onSubmit={(event) => void submit(event)} ref={form}>
      <h1>{t('session.title')}</h1>
      <div className="field">
        <label htmlFor={name_id}>{t('session.name')}</label>
        <div className="input-frame">
          <input
            id={name_id}
            name="name"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            // biome-ignore lint/a11y/noAutofocus: the page's one purpose
            autoFocus
            required
            aria-invalid={is_missing(name)}
            aria-describedby={`${name_id}-hint`}
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </div>
        <p id={`${name_id}-hint`} className="field-hint">
          {is_missing(name) && t('session.name_missing')}
        </p>
      </div>
      <PasswordField
        name="password"
        label={t('session.password')}
        auto_complete="current-password"
        value={password}
        fault={is_missing(password) ? t('session.password_missing') : null}
        on_change={setPassword}
      />
      <div className="login-failure" role="alert">
        {is_throttled && t('session.throttled', { seconds: wait_s })}
        {shown !== null && failure_text(shown, t)}
        {request_id && (
          <span className="problem-request">
            {t('error.request_id')} <code>{request_id}</code>
          </span>
        )}
      </div>
      <button type="submit" className="button button-main login-submit" disabled={is_sending || is_throttled}>
        {is_sending ? t('session.submitting') : t('session.submit')}
      </button>
    </form>
  );
}

export default function LoginPage() {
  const { t } = useLanguage();
  const session = useSession();
  const [parameters] = useSearchParams();
  const location = useLocation();
  const client = useQueryClient();
  useEffect(() => forget_answers(client), [client]);
  const has_expired = Boolean((location.state as { expired?: boolean } | null)?.expired);
  useEffect(() => {
    document.title = `${t('session.title')} · ${t('app.name')}`;
  }, [t]);
  if (session.data) return <Navigate to={safe_next(parameters.get('next'))} replace />;
  return (
    <div className="login">
      <div className="login-side" aria-hidden="true">
        <LoginDrawing />
      </div>
      <main className="login-main">
        <div className="login-preferences">
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
        <div className="login-card">
          <div className="login-brand">
            <Mark size={60} />
            <p className="login-name">
              <span lang="zh-CN">度衡</span> <span lang="en">Duheng</span>
            </p>
            <p className="login-tagline">{t('app.tagline')}</p>
          </div>
          {has_expired && <p className="login-notice">{t('session.expired')}</p>}
          <LoginForm />
        </div>
      </main>
    </div>
  );
}

/** The mark at large: a balance whose needle plays over a graduated arc. */
function LoginDrawing() {
  const ticks = Array.from({ length: 61 }, (_, index) => index - 30);
  const at = (degrees: number, radius: number) => {
    const angle = ((degrees + 90) * Math.PI) / 180;
    return `${(300 + radius * Math.cos(angle)).toFixed(1)} ${(170 + radius * Math.sin(angle)).toFixed(1)}`;
  };
  return (
    <svg className="login-drawing" viewBox="0 0 600 600" role="presentation">
      <path className="drawing-strong" d="M60 170h480M110 170v96M490 170v96M62 266h96M442 266h96" />
      <path className="drawing-strong" d="M62 266a48 34 0 0 0 96 0M442 266a48 34 0 0 0 96 0" />
      {ticks.map((tick) => (
        <path
          key={tick}
          className={tick % 5 === 0 ? 'drawing-strong' : 'drawing-fine'}
          d={`M${at(tick, 330)}L${at(tick, tick % 10 === 0 ? 368 : tick % 5 === 0 ? 358 : 346)}`}
        />
      ))}
      <g className="drawing-needle">
        <path d="M294 170h12l-6 318z" />
      </g>
      <circle className="drawing-pivot" cx="300" cy="170" r="15" />
    </svg>
  );
}
