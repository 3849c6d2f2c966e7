import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api/client.ts';
import { server_now_ms } from '../../api/server_clock.ts';
import type { EstimateDraft, EstimateRequest, RegisterLatest } from '../../api/types.ts';
import { DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, SelectField, TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { civil_date, iso_date, normal_date, parse_iso_date, start_of_day } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { useEditsMade } from './edit_tools.ts';
import './edits.css';

type Method = EstimateRequest['method'];
const methods: readonly Method[] = ['linear', 'last_value', 'same_weekdays'];

/** Whole civil days of the zone, both included; nothing when they are none. */
export function days_between(from: string, to: string, time_zone: string): { from: string; to: string } | null {
  const first = parse_iso_date(from);
  const last = parse_iso_date(to);
  if (!first || !last || from > to) return null;
  const end = start_of_day(normal_date(last.year, last.month, last.day + 1), time_zone);
  return { from: new Date(start_of_day(first, time_zone)).toISOString(), to: new Date(end).toISOString() };
}

function DayField(props: { label: string; value: string; fault?: string | undefined; on_change: (value: string) => void }) {
  return (
    <Field label={props.label} fault={props.fault}>
      {(attributes) => (
        <input
          {...attributes}
          type="date"
          className="field-input"
          value={props.value}
          onChange={({ target }) => props.on_change(target.value)}
        />
      )}
    </Field>
  );
}

function Draft({ draft, unit, time_zone }: { draft: EstimateDraft; unit: string; time_zone: string }) {
  const { t } = useLanguage();
  return (
    <>
      <p>{t('fill.will_write', { count: draft.values.length, present: draft.present })}</p>
      <div className="fill-table">
        <DataTable
          caption={t('fill.preview_caption')}
          rows={draft.values.slice(0, 500)}
          row_key={({ time }) => time}
          columns={[
            {
              key: 'time',
              header: t('fill.column_time'),
              is_title: true,
              cell: ({ time }) => <TimeText time={time} time_zone={time_zone} />,
            },
            {
              key: 'value',
              header: t('fill.column_value'),
              align: 'end',
              cell: ({ value }) => (
                <>
                  <span className="number">{value}</span> <span className="unit">{unit}</span>
                </>
              ),
            },
            {
              key: 'between',
              header: t('fill.column_between'),
              align: 'end',
              cell: ({ before, after, weeks }) => (
                <span className="number faint">
                  {before?.value ?? '–'} … {after?.value ?? '–'}
                  {weeks > 0 && ` · ${t('fill.weeks', { count: weeks })}`}
                </span>
              ),
            },
          ]}
        />
      </div>
    </>
  );
}

/** Missing values of one register by a named method: looked at first, then written exactly as they were shown. */
export function FillGapDialog({
  register,
  time_zone,
  interval_s,
  on_close,
}: {
  register: RegisterLatest;
  time_zone: string;
  interval_s: number;
  on_close: () => void;
}) {
  const { t } = useLanguage();
  const edits_made = useEditsMade();
  const today = iso_date(civil_date(server_now_ms(), time_zone));
  const [from, setFrom] = useState(today);
  const [to, setTo] = useState(today);
  const [method, setMethod] = useState<Method>('linear');
  const [reason, setReason] = useState('');
  const [is_tried, setIsTried] = useState(false);
  const range = days_between(from, to, time_zone);
  const draft = useMutation({ mutationFn: (body: EstimateRequest) => api.estimate_draft(register.series_id, body) });
  const commit = useMutation({
    mutationFn: (body: EstimateRequest) => api.estimate(register.series_id, body),
    onSuccess: () => edits_made(),
    onError: () => draft.reset(),
  });
  // What was looked at holds for the question it answered only.
  const changed = <Value,>(set: (value: Value) => void) => {
    return (value: Value) => {
      draft.reset();
      commit.reset();
      set(value);
    };
  };
  const look = (event: FormEvent) => {
    event.preventDefault();
    commit.reset();
    if (range) draft.mutate({ ...range, method, interval_s });
  };
  const write = () => {
    setIsTried(true);
    if (!range || !draft.data || !reason.trim()) return;
    commit.mutate({ ...range, method, interval_s, reason: reason.trim(), fingerprint: draft.data.fingerprint });
  };
  const count = draft.data?.values.length ?? 0;
  return (
    <Dialog title={t('fill.title')} on_close={on_close}>
      <form className="edit-form" onSubmit={look}>
        <p className="faint small">{t('fill.note')}</p>
        <div className="fill-range">
          <DayField
            label={t('fill.from')}
            value={from}
            on_change={changed(setFrom)}
            fault={range ? undefined : t('fill.range_fault')}
          />
          <DayField label={t('fill.to')} value={to} on_change={changed(setTo)} />
        </div>
        <SelectField<Method>
          label={t('fill.method')}
          value={method}
          options={methods.map((one) => ({ value: one, label: t(`fill.method_${one}`) }))}
          on_change={(value) => value && changed(setMethod)(value)}
        />
        <div className="edit-actions">
          <button type="submit" className="button" disabled={!range || draft.isPending}>
            {t('fill.preview')}
          </button>
        </div>
        {draft.isError && <ProblemView error={draft.error} />}
        {draft.data && count === 0 && <p>{t('fill.nothing')}</p>}
        {draft.data && count > 0 && !commit.data && (
          <>
            <Draft draft={draft.data} unit={register.unit} time_zone={time_zone} />
            <TextField
              label={t('edits.reason')}
              value={reason}
              on_change={setReason}
              length_max={600}
              help={t('edits.reason_help')}
              fault={is_tried && !reason.trim() ? t('points.needed') : undefined}
            />
            <div className="edit-actions">
              <button type="button" className="button button-main" disabled={commit.isPending} onClick={write}>
                {t('fill.commit', { count })}
              </button>
            </div>
          </>
        )}
        {commit.isError && <ProblemView error={commit.error} />}
        {commit.data && <p role="status">{t('fill.done', { count: commit.data.values, record: commit.data.record })}</p>}
      </form>
    </Dialog>
  );
}
