import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { SelectField, TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { PreviewTable } from './preview.tsx';
import { type DeviceProcessing, processing_api, type RuleOutcome } from './processing_api.ts';
import { type RuleDraft, rule_of } from './rule_text.ts';

type Change = (part: Partial<RuleDraft>) => void;

function ScaleFields({ draft, change }: { draft: RuleDraft; change: Change }) {
  const { t } = useLanguage();
  const text = (key: keyof RuleDraft, label: string) => (
    <TextField key={key} label={label} value={draft[key]} is_number on_change={(value) => change({ [key]: value })} />
  );
  return (
    <>
      <SelectField
        label={t('processing.scale')}
        value={draft.scale}
        options={(['none', 'factor', 'line'] as const).map((value) => ({ value, label: t(`processing.scale_${value}`) }))}
        on_change={(scale) => change({ scale: scale ?? 'none' })}
      />
      {draft.scale === 'factor' && [text('gain', t('processing.gain')), text('offset', t('processing.offset'))]}
      {draft.scale === 'line' && [
        text('from_low', t('processing.from_low')),
        text('from_high', t('processing.from_high')),
        text('to_low', t('processing.to_low')),
        text('to_high', t('processing.to_high')),
      ]}
    </>
  );
}

function FilterFields({ draft, change }: { draft: RuleDraft; change: Change }) {
  const { t } = useLanguage();
  const kinds = ['none', 'mean', 'median', 'first_order'] as const;
  return (
    <>
      <SelectField
        label={t('processing.filter')}
        value={draft.filter}
        options={kinds.map((value) => ({ value, label: t(`processing.filter_${value}`) }))}
        on_change={(filter) => change({ filter: filter ?? 'none' })}
      />
      {(draft.filter === 'mean' || draft.filter === 'median') && (
        <TextField
          label={t('processing.window')}
          value={draft.window}
          is_number
          help={t('processing.window_help')}
          on_change={(window) => change({ window })}
        />
      )}
      {draft.filter === 'first_order' && (
        <TextField
          label={t('processing.coefficient')}
          value={draft.coefficient}
          help={t('processing.coefficient_help')}
          on_change={(coefficient) => change({ coefficient })}
        />
      )}
    </>
  );
}

/** A rule to be made or changed, tried on what was read before it is set. */
export function RuleForm({
  device_id,
  processing,
  first,
  on_done,
}: {
  device_id: number;
  processing: DeviceProcessing;
  first: RuleDraft;
  on_done: () => void;
}) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [draft, setDraft] = useState(first);
  const [reason, setReason] = useState('');
  const [was_tried, setTried] = useState(false);
  const preview = useMutation({ mutationFn: () => processing_api.preview(device_id, rule_of(draft), 1) });
  const set = useMutation({
    mutationFn: () =>
      processing_api.change({ device_ids: [device_id], into: draft.into.trim(), rule: rule_of(draft), reason: reason.trim() }),
    onSuccess: (outcome: RuleOutcome) => {
      void client.invalidateQueries({ queryKey: ['processing', device_id] });
      if (outcome.refusals.length === 0) on_done();
    },
  });
  const change: Change = (part) => setDraft((before) => ({ ...before, ...part }));
  const is_whole = draft.from !== '' && draft.into.trim() !== '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (is_whole && reason.trim() !== '') set.mutate();
  };
  const missing = (value: string) => (was_tried && value.trim() === '' ? t('orders.missing') : undefined);
  const refusal = set.data?.refusals[0];
  return (
    <form className="form" noValidate onSubmit={submit}>
      <SelectField
        label={t('processing.from')}
        value={draft.from === '' ? undefined : draft.from}
        options={processing.registers.map(({ name, unit }) => ({
          value: name,
          label: unit ? `${register_label(name, t)} (${unit})` : register_label(name, t),
        }))}
        fault={missing(draft.from)}
        on_change={(from = '') => {
          const known = processing.registers.find(({ name }) => name === from);
          const fresh = draft.into === '' || draft.into === `${draft.from}_processed`;
          change({
            from,
            ...(fresh && from ? { into: `${from}_processed` } : {}),
            ...(known ? { unit: known.unit, digits: String(Math.max(0, -known.exponent)) } : {}),
          });
        }}
      />
      <TextField
        label={t('processing.into')}
        value={draft.into}
        is_mono
        length_max={64}
        help={t('processing.into_help')}
        fault={missing(draft.into)}
        on_change={(into) => change({ into })}
      />
      <TextField label={t('processing.unit')} value={draft.unit} length_max={16} on_change={(unit) => change({ unit })} />
      <TextField
        label={t('processing.digits')}
        value={draft.digits}
        is_number
        length_max={1}
        help={t('processing.digits_help')}
        on_change={(digits) => change({ digits: digits.replace(/\D/g, '') })}
      />
      <ScaleFields draft={draft} change={change} />
      <FilterFields draft={draft} change={change} />
      <TextField
        label={t('processing.fail_below')}
        value={draft.fail_below}
        is_number
        help={t('processing.fail_help')}
        on_change={(fail_below) => change({ fail_below })}
      />
      <TextField
        label={t('processing.fail_above')}
        value={draft.fail_above}
        is_number
        on_change={(fail_above) => change({ fail_above })}
      />
      <TextField
        label={t('processing.dead_band')}
        value={draft.dead_band}
        is_number
        help={t('processing.dead_band_help')}
        on_change={(dead_band) => change({ dead_band })}
      />
      <TextField
        label={t('processing.reason')}
        value={reason}
        is_wide
        length_max={500}
        fault={missing(reason)}
        on_change={setReason}
      />
      <div className="form-actions">
        <button type="button" className="button" disabled={!is_whole || preview.isPending} onClick={() => preview.mutate()}>
          {t('processing.preview')}
        </button>
        <button type="submit" className="button button-main" disabled={set.isPending}>
          {t('processing.set')}
        </button>
      </div>
      {set.isError && <ProblemView error={set.error} />}
      {refusal && (
        <p className="is-fault is-wide" role="alert">
          {t(`processing.refused_${refusal.reason}`)} {refusal.detail}
        </p>
      )}
      {preview.isError && <ProblemView error={preview.error} />}
      {preview.data && <PreviewTable preview={preview.data} />}
    </form>
  );
}
