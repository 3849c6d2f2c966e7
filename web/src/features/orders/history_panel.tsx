import { type FormEvent, useState } from 'react';
import { server_now_ms } from '../../api/server_clock.ts';
import type { Connection, ModelDetail } from '../../api/types.ts';
import { Field, SelectField } from '../../components/field.tsx';
import { Panel } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { civil_date, iso_date, parse_iso_date, start_of_day } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { OrderResult } from './order_result.tsx';
import { title_in } from './titles.ts';
import { useSingleJob } from './use_job.ts';

const day_ms = 86_400_000;
const day_text = (instant_ms: number, time_zone: string) => iso_date(civil_date(instant_ms, time_zone));

/** Fetches load profile, freezes or event records of some days out of the device's own memory. */
export function HistoryPanel({
  connection,
  model,
  time_zone,
}: {
  connection: Connection;
  model: ModelDetail;
  time_zone: string;
}) {
  const { t, language } = useLanguage();
  const today = day_text(server_now_ms(), time_zone);
  const [name, setName] = useState(model.history_list[0]?.name);
  const [from, setFrom] = useState(day_text(server_now_ms() - day_ms, time_zone));
  const [to, setTo] = useState(today);
  const work = useSingleJob();
  const is_busy = work.created.isPending || work.job?.state === 'running';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const first = parse_iso_date(from);
    const last = parse_iso_date(to);
    if (!name || !first || !last || from > to) return;
    work.start({
      kind: 'history',
      device_ids: [connection.device_id],
      name,
      from: new Date(start_of_day(first, time_zone)).toISOString(),
      to: new Date(Math.min(start_of_day(last, time_zone) + day_ms, server_now_ms())).toISOString(),
      lifetime_s: 600,
    });
  };
  return (
    <Panel title={t('orders.history')} note={t('orders.history_note')}>
      <form className="form" noValidate onSubmit={submit}>
        <SelectField
          label={t('orders.history_kind')}
          value={name}
          options={model.history_list.map((one) => ({ value: one.name, label: title_in(language, one) }))}
          on_change={setName}
        />
        <Field label={t('orders.from')} fault={from > to ? t('orders.from_after_to') : undefined}>
          {(attributes) => (
            <input
              {...attributes}
              className="field-input"
              type="date"
              max={today}
              value={from}
              onChange={({ target }) => setFrom(target.value)}
            />
          )}
        </Field>
        <Field label={t('orders.to')}>
          {(attributes) => (
            <input
              {...attributes}
              className="field-input"
              type="date"
              max={today}
              value={to}
              onChange={({ target }) => setTo(target.value)}
            />
          )}
        </Field>
        <div className="form-actions">
          <button type="submit" className="button" disabled={is_busy || !name || from === '' || to === ''}>
            {is_busy ? t('orders.reading') : t('orders.fetch')}
          </button>
        </div>
        {work.created.isError && <ProblemView error={work.created.error} />}
        {work.order_id !== undefined && (
          <div className="is-wide">
            <OrderResult id={work.order_id} time_zone={time_zone} />
          </div>
        )}
      </form>
    </Panel>
  );
}
