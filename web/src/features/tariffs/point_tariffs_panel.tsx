import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import { type PointTariff, tariff_api, tariff_queries } from './tariff_api.ts';
import { DayField } from './tariff_form.tsx';
import '../onboarding/onboarding.css';

function useWritten(point: number, on_done: () => void) {
  const client = useQueryClient();
  return async () => {
    await Promise.all(
      [['point_tariffs', point], ['point', point], ['points']].map((key) => client.invalidateQueries({ queryKey: key })),
    );
    on_done();
  };
}

function AssignDialog({ point, today, on_close }: { point: number; today: string; on_close: () => void }) {
  const { t, language } = useLanguage();
  const tariffs = useQuery(tariff_queries.list());
  const [tariff, setTariff] = useState<number | undefined>();
  const [from, setFrom] = useState(today);
  const [reason, setReason] = useState('');
  const [is_tried, setIsTried] = useState(false);
  const none = 0;
  const written = useWritten(point, on_close);
  const assign = useMutation({
    mutationFn: () => tariff_api.assign(point, { tariff_id: tariff || null, from, reason: reason.trim() }),
    onSuccess: written,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (tariff !== undefined && from) assign.mutate();
  };
  return (
    <Dialog title={t('tariffs.assign')} on_close={on_close}>
      <form className="edit-form" onSubmit={submit}>
        <div className="point-fields">
          <SelectField
            label={t('tariffs.of_point')}
            value={tariff}
            options={[
              ...(tariffs.data?.tariffs ?? []).map((one) => ({
                value: one.id,
                label: language === 'en' ? one.name_en : one.name_zh,
              })),
              { value: none, label: t('tariffs.none') },
            ]}
            fault={is_tried && tariff === undefined ? t('tariffs.needed') : undefined}
            on_change={setTariff}
          />
          <DayField
            label={t('tariffs.from')}
            value={from}
            fault={is_tried && !from ? t('tariffs.needed') : undefined}
            on_change={setFrom}
          />
        </div>
        <TextField
          label={t('tariffs.reason')}
          help={t('tariffs.reason_help')}
          value={reason}
          length_max={300}
          on_change={setReason}
        />
        {tariffs.isError && <ProblemView error={tariffs.error} on_retry={() => void tariffs.refetch()} />}
        {assign.isError && <ProblemView error={assign.error} />}
        <div className="edit-actions">
          <button type="submit" className="button button-main" disabled={assign.isPending}>
            {t('tariffs.save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function WithdrawDialog({ point, entry, on_close }: { point: number; entry: PointTariff; on_close: () => void }) {
  const { t } = useLanguage();
  const [reason, setReason] = useState('');
  const [is_tried, setIsTried] = useState(false);
  const written = useWritten(point, on_close);
  const withdraw = useMutation({
    mutationFn: () => tariff_api.withdraw(point, entry.id, reason.trim()),
    onSuccess: written,
  });
  return (
    <Dialog title={t('tariffs.withdraw_of', { day: entry.from })} on_close={on_close}>
      <form
        className="edit-form"
        onSubmit={(event) => {
          event.preventDefault();
          setIsTried(true);
          if (reason.trim()) withdraw.mutate();
        }}
      >
        <p className="faint small">{t('tariffs.withdraw_note')}</p>
        <TextField
          label={t('tariffs.reason')}
          value={reason}
          length_max={300}
          fault={is_tried && !reason.trim() ? t('tariffs.needed') : undefined}
          on_change={setReason}
        />
        {withdraw.isError && <ProblemView error={withdraw.error} />}
        <div className="edit-actions">
          <button type="submit" className="button button-main" disabled={withdraw.isPending}>
            {t('tariffs.withdraw')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Entry({ entry, today, on_withdraw }: { entry: PointTariff; today: string; on_withdraw?: () => void }) {
  const { t } = useLanguage();
  const holds = !entry.withdrawn && entry.from <= today && (entry.to === null || today <= entry.to);
  const end = entry.withdrawn
    ? t('tariffs.withdrawn')
    : (entry.to ?? t(entry.from > today ? 'tariffs.ahead' : 'tariffs.until_now'));
  return (
    <li className={holds ? 'point-link is-present' : 'point-link'}>
      <p className="point-link-head">
        {entry.withdrawn ? (
          <s>{entry.tariff?.name ?? t('tariffs.none')}</s>
        ) : (
          <strong>{entry.tariff?.name ?? t('tariffs.none')}</strong>
        )}{' '}
        <span className="number">{entry.from}</span> – {end}
        {on_withdraw && !entry.withdrawn && (
          <>
            {' '}
            <button
              type="button"
              className="link-button"
              aria-label={t('tariffs.withdraw_of', { day: entry.from })}
              onClick={on_withdraw}
            >
              {t('tariffs.withdraw')}
            </button>
          </>
        )}
      </p>
      <p className="faint small">
        {t('tariffs.made_by', { author: entry.author })} · <TimeText time={entry.made_at} />
        {entry.reason && ` · ${entry.reason}`}
        {entry.withdrawn && ` · ${t('tariffs.withdrawn_by', { author: entry.withdrawn.author, reason: entry.withdrawn.reason })}`}
      </p>
    </li>
  );
}

/** Which tariff the point has since when, and what was corrected. */
export function PointTariffsPanel({ point }: { point: number }) {
  const { t } = useLanguage();
  const session = useSession();
  const found = useQuery(tariff_queries.of_point(point));
  const [acting, setActing] = useState<PointTariff | 'assign' | null>(null);
  const may_write = session.data != null && session.data.role !== 'viewer';
  return (
    <Panel
      title={t('tariffs.of_point')}
      {...(found.data ? { note: t('tariffs.of_point_note', { zone: found.data.time_zone }) } : {})}
      actions={
        may_write &&
        found.data && (
          <button type="button" className="button" onClick={() => setActing('assign')}>
            {t('tariffs.assign')}
          </button>
        )
      }
    >
      {found.isPending && <Skeleton rows={3} height={24} />}
      {found.isError && <ProblemView error={found.error} on_retry={() => void found.refetch()} />}
      {found.data && found.data.entries.length === 0 && <Empty title={t('tariffs.never')} hint={t('tariffs.never_hint')} />}
      {found.data && found.data.entries.length > 0 && (
        <ol className="point-chain">
          {[...found.data.entries].reverse().map((entry) => (
            <Entry
              key={entry.id}
              entry={entry}
              today={found.data.today}
              {...(may_write ? { on_withdraw: () => setActing(entry) } : {})}
            />
          ))}
        </ol>
      )}
      {acting === 'assign' && found.data && (
        <AssignDialog point={point} today={found.data.today} on_close={() => setActing(null)} />
      )}
      {acting && acting !== 'assign' && <WithdrawDialog point={point} entry={acting} on_close={() => setActing(null)} />}
    </Panel>
  );
}
