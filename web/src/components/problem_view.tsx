import { ApiError } from '../api/client.ts';
import { type Translate, useLanguage } from '../i18n/index.tsx';
import { Icon } from './icons.tsx';

/** What to tell the user about a failed request. */
export function problem_text(error: unknown, t: Translate): string {
  if (!(error instanceof ApiError)) return t('error.render');
  if (error.problem) return error.problem.message;
  return error.status === 0 ? t('error.network') : t('error.unreadable', { status: error.status });
}

/** A failure with what the platform said about it, the request's number for whoever looks into the log, and a way on. */
export function ProblemView({ error, on_retry, text }: { error: unknown; on_retry?: () => void; text?: string }) {
  const { t } = useLanguage();
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <div className="problem" role="alert">
      <Icon name="warning" size={22} />
      <div className="problem-body">
        <p className="problem-title">{t('error.title')}</p>
        <p>{text ?? problem_text(error, t)}</p>
        {problem?.retry_after_s !== undefined && <p>{t('error.retry_after', { seconds: problem.retry_after_s })}</p>}
        {problem && (
          <p className="problem-request">
            {t('error.request_id')} <code>{problem.request_id}</code>
          </p>
        )}
        {on_retry && (
          <button type="button" className="button" onClick={on_retry}>
            {t('common.retry')}
          </button>
        )}
      </div>
    </div>
  );
}
