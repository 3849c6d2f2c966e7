import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { FindingDecision, ValueFinding } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { grouped } from '../../format/value.ts';
import { type Translate, useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { FrameLink } from '../provenance/frame_link.tsx';
import { is_number_text, useEditsMade } from './edit_tools.ts';
import '../aggregates/aggregates.css';
import './edits.css';

const states = ['open', 'confirmed', 'edited'] as const;
const rules = [
  'negative',
  'spike',
  'roll_over',
  'tariff_sum',
  'phase_sum',
  'voltage_implausible',
  'power_implausible',
] as const satisfies readonly ValueFinding['rule'][];
const methods = ['linear', 'last_value', 'same_weekdays'] as const;
type Action = FindingDecision['action'];

/** What is to be done with a value that a rule objects to. Nothing is overwritten: the edit stands beside what was read. */
function DecisionDialog({ finding, on_close }: { finding: ValueFinding; on_close: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const edits_made = useEditsMade();
  const [action, setAction] = useState<Action>('confirm');
  const [value, setValue] = useState('');
  const [method, setMethod] = useState<(typeof methods)[number]>('linear');
  const [reason, setReason] = useState('');
  const [is_tried, setIsTried] = useState(false);
  const preview = useMutation({
    mutationFn: () => api.decide_finding(finding.id, { action: 'estimate', method, preview: true }),
  });
  const save = useMutation({
    mutationFn: (body: FindingDecision) => api.decide_finding(finding.id, body),
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ['value_findings'] }), edits_made()]);
      on_close();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setIsTried(true);
    if (!reason.trim() || (action === 'correct' && !is_number_text(value))) return;
    save.mutate({
      action,
      reason: reason.trim(),
      ...(action === 'correct' ? { value: value.trim() } : {}),
      ...(action === 'estimate' ? { method } : {}),
    });
  };
  return (
    <Dialog title={t('review.dialog')} on_close={on_close}>
      <form className="edit-form" onSubmit={submit}>
        <p>
          {register_label(finding.register, t)} · {t(`review.rule_${finding.rule}`)} ·{' '}
          <span className="number">{grouped(finding.value)}</span> <span className="unit">{finding.unit}</span>
        </p>
        <SelectField<Action>
          label={t('review.action')}
          value={action}
          options={(['confirm', 'correct', 'estimate'] as const).map((one) => ({ value: one, label: t(`review.action_${one}`) }))}
          on_change={(wanted) => wanted && setAction(wanted)}
        />
        {action === 'correct' && (
          <TextField
            label={t('edits.new_value')}
            value={value}
            on_change={setValue}
            is_number
            is_mono
            suffix={finding.unit}
            length_max={32}
            fault={is_tried && !is_number_text(value) ? t('edits.value_fault') : undefined}
          />
        )}
        {action === 'estimate' && (
          <>
            <SelectField<(typeof methods)[number]>
              label={t('fill.method')}
              value={method}
              options={methods.map((one) => ({ value: one, label: t(`fill.method_${one}`) }))}
              on_change={(wanted) => {
                preview.reset();
                if (wanted) setMethod(wanted);
              }}
            />
            <div className="edit-actions">
              <button type="button" className="button" disabled={preview.isPending} onClick={() => preview.mutate()}>
                {t('review.preview')}
              </button>
            </div>
            {preview.isError && <ProblemView error={preview.error} />}
            {preview.data?.preview && (
              <p role="status">
                {t('review.would_be')} <span className="number">{grouped(preview.data.preview)}</span>{' '}
                <span className="unit">{finding.unit}</span>
              </p>
            )}
          </>
        )}
        <TextField
          label={t('edits.reason')}
          value={reason}
          on_change={setReason}
          length_max={600}
          help={t('edits.reason_help')}
          fault={is_tried && !reason.trim() ? t('points.needed') : undefined}
        />
        {save.isError && <ProblemView error={save.error} />}
        <div className="edit-actions">
          <button type="submit" className="button button-main" disabled={save.isPending}>
            {t('review.save')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function columns_of(time_zone: string, may_decide: boolean, t: Translate, decide: (finding: ValueFinding) => void) {
  const columns: Column<ValueFinding>[] = [
    {
      key: 'device',
      header: t('review.column_device'),
      is_title: true,
      cell: ({ device, device_uid }) =>
        device ? <Link to={`/devices/${device.id}`}>{device.name}</Link> : <span className="mono">{device_uid}</span>,
    },
    { key: 'rule', header: t('review.rule'), is_corner: true, cell: ({ rule }) => t(`review.rule_${rule}`) },
    { key: 'register', header: t('review.column_register'), cell: ({ register }) => register_label(register, t) },
    { key: 'time', header: t('review.column_time'), cell: ({ time }) => <TimeText time={time} time_zone={time_zone} /> },
    {
      key: 'value',
      header: t('review.column_value'),
      align: 'end',
      cell: ({ value, unit, frame }) => {
        const text = (
          <>
            <span className="number">{grouped(value)}</span> <span className="unit">{unit}</span>
          </>
        );
        return frame ? <FrameLink frame={frame}>{text}</FrameLink> : text;
      },
    },
    {
      key: 'expected',
      header: t('review.column_expected'),
      align: 'end',
      cell: ({ expected, unit }) => (
        <>
          <span className="number">{grouped(expected)}</span> <span className="unit">{unit}</span>
        </>
      ),
    },
    {
      key: 'state',
      header: t('review.state'),
      cell: ({ state, decided_by, reason }) => (
        <>
          {t(`review.state_${state}`)}{' '}
          {decided_by && <span className="faint">{t('review.by', { name: decided_by, reason: reason ?? '–' })}</span>}
        </>
      ),
    },
  ];
  if (may_decide)
    columns.push({
      key: 'decide',
      header: t('review.column_decision'),
      cell: (finding) =>
        finding.state !== 'edited' && (
          <button type="button" className="button button-small" onClick={() => decide(finding)}>
            {t('review.decide')}
          </button>
        ),
    });
  return columns;
}

/** Stored values that a rule objects to. The question stands in the address. */
export default function ReviewPage() {
  const { t } = useLanguage();
  const [parameters, setParameters] = useSearchParams();
  const [decided, setDecided] = useState<ValueFinding | null>(null);
  const page = Math.max(1, Number(parameters.get('page')) || 1);
  const word = parameters.get('state') ?? 'open';
  const state = states.find((one) => one === word) ?? '';
  const rule = rules.find((one) => one === parameters.get('rule')) ?? '';
  const device = Number(parameters.get('device')) || 0;
  const found = useQuery(queries.value_findings({ page, state, rule, device: device || '' }));
  const change = (name: string, value: string) =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete('page');
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const { data } = found;
  return (
    <>
      <PageHeader title={t('review.title')} note={t('review.note')} />
      <div className="aggregate-controls">
        <SelectField
          label={t('review.state')}
          value={state || 'any'}
          options={[
            { value: 'any', label: t('review.any_state') },
            ...states.map((one) => ({ value: one, label: t(`review.state_${one}`) })),
          ]}
          on_change={(value) => change('state', value ?? 'any')}
        />
        <SelectField
          label={t('review.rule')}
          value={rule || 'any'}
          options={[
            { value: 'any', label: t('review.any_rule') },
            ...rules.map((one) => ({ value: one, label: t(`review.rule_${one}`) })),
          ]}
          on_change={(value) => change('rule', value && value !== 'any' ? value : '')}
        />
      </div>
      {device > 0 && (
        <p className="aggregate-notes">
          {t('review.of_device', { device: data?.findings[0]?.device?.name ?? String(device) })} ·{' '}
          <button type="button" className="button button-small" onClick={() => change('device', '')}>
            {t('review.all_devices')}
          </button>
        </p>
      )}
      {found.isError && <ProblemView error={found.error} on_retry={() => void found.refetch()} />}
      {found.isPending && <Skeleton rows={8} height={30} />}
      {data && data.findings.length === 0 && <Empty title={t('review.empty')} hint={t('review.empty_hint')} />}
      {data && data.findings.length > 0 && (
        <>
          <DataTable
            caption={t('review.caption')}
            columns={columns_of(data.time_zone, data.may_decide, t, setDecided)}
            rows={data.findings}
            row_key={({ id }) => id}
            is_stale={found.isPlaceholderData}
          />
          <Pager
            page={page}
            pages={Math.ceil(data.total / data.page_size)}
            on_change={(wanted) => change('page', wanted > 1 ? String(wanted) : '')}
          />
        </>
      )}
      {decided && <DecisionDialog finding={decided} on_close={() => setDecided(null)} />}
    </>
  );
}
