import { type FormEvent, useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';

/** Asks why before something is changed. */
export function ReasonDialog({
  title,
  text,
  action,
  error,
  is_pending,
  on_close,
  on_done,
}: {
  title: string;
  text: string;
  action: string;
  error: Error | null;
  is_pending: boolean;
  on_close: () => void;
  on_done: (reason: string) => void;
}) {
  const { t } = useLanguage();
  const [reason, setReason] = useState('');
  const [was_tried, setTried] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (reason.trim() !== '') on_done(reason.trim());
  };
  return (
    <Dialog title={title} on_close={on_close}>
      <form className="form" noValidate onSubmit={submit}>
        <p className="notice is-wide">{text}</p>
        <TextField
          label={t('processing.reason')}
          value={reason}
          is_wide
          length_max={500}
          fault={was_tried && reason.trim() === '' ? t('orders.missing') : undefined}
          on_change={setReason}
        />
        <div className="form-actions">
          <button type="submit" className="button button-main" disabled={is_pending}>
            {action}
          </button>
          <button type="button" className="button" onClick={on_close}>
            {t('common.cancel')}
          </button>
        </div>
        {error && <ProblemView error={error} />}
      </form>
    </Dialog>
  );
}
