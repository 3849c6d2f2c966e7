import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useNavigate } from 'react-router';
import { api } from '../../api/client.ts';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';

/** Begins a gateway, or one of its channels, anew; what becomes of it stands in the job. */
export function RestartDialog({
  gateway_id,
  channel,
  on_close,
}: {
  gateway_id: number;
  channel: string | undefined;
  on_close: () => void;
}) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const [reason, setReason] = useState('');
  const [was_tried, setTried] = useState(false);
  const restart = useMutation({
    mutationFn: () => api.restart_gateway(gateway_id, { reason: reason.trim(), ...(channel ? { channel } : {}) }),
    onSuccess: (job) => navigate(`/jobs/${job.id}`),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (reason.trim() !== '') restart.mutate();
  };
  return (
    <Dialog title={t(channel ? 'restart.channel' : 'restart.gateway')} on_close={on_close}>
      <form className="form" noValidate onSubmit={submit}>
        <p className="notice is-wide">{channel ? t('restart.text_channel', { channel }) : t('restart.text_gateway')}</p>
        <TextField
          label={t('restart.reason')}
          value={reason}
          length_max={500}
          is_wide
          fault={was_tried && reason.trim() === '' ? t('orders.missing') : undefined}
          on_change={setReason}
        />
        <div className="form-actions">
          <button type="submit" className="button button-danger" disabled={restart.isPending}>
            {t('restart.start')}
          </button>
          <button type="button" className="button" onClick={on_close}>
            {t('common.cancel')}
          </button>
        </div>
        {restart.isError && <ProblemView error={restart.error} />}
      </form>
    </Dialog>
  );
}
