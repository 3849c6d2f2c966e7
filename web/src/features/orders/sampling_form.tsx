import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { api } from '../../api/client.ts';
import type { ModelDetail, NewSamplingChange, SamplingResults } from '../../api/types.ts';
import { SelectField, TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';

const ms_per_s = 1_000;

/** Milliseconds of what was typed: 0 when nothing was; nothing when it is no period between the bounds. */
export function period_ms(text: string, minimum_ms: number, maximum_ms: number): number | undefined {
  if (text.trim() === '') return 0;
  if (!/^\d{1,7}(\.\d{1,3})?$/.test(text.trim())) return undefined;
  const ms = Math.round(Number(text) * ms_per_s);
  return ms >= minimum_ms && ms <= maximum_ms ? ms : undefined;
}

type Group = ModelDetail['groups'][number];

/** Which group or register of a model, and how often. */
export function SamplingForm({
  model,
  target,
  on_done,
}: {
  model: ModelDetail;
  target: Pick<NewSamplingChange, 'device_ids' | 'filter'>;
  on_done: (results: SamplingResults) => void;
}) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [group_name, setGroup] = useState(model.groups[0]?.name ?? '');
  const [register, setRegister] = useState<string | undefined>(undefined);
  const [seconds, setSeconds] = useState('');
  const [reason, setReason] = useState('');
  const [was_tried, setTried] = useState(false);
  const group: Group | undefined = model.groups.find(({ name }) => name === group_name);
  const set = useMutation({
    mutationFn: (change: NewSamplingChange) => api.change_sampling(change),
    onSuccess: (results) => {
      void client.invalidateQueries({ queryKey: ['device_sampling'] });
      void client.invalidateQueries({ queryKey: ['sampling_changes'] });
      on_done(results);
    },
  });
  if (!group) return null;
  const bounds = { minimum: group.interval_ms_min / ms_per_s, maximum: group.interval_ms_max / ms_per_s };
  const interval_ms = period_ms(seconds, group.interval_ms_min, group.interval_ms_max);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (interval_ms === undefined) return;
    set.mutate({
      ...target,
      group: group.name,
      interval_ms,
      ...(register ? { register } : {}),
      ...(reason.trim() ? { reason: reason.trim() } : {}),
    });
  };
  const registers = [...new Set(group.items.map((item) => item.register))];
  return (
    <form className="form" noValidate onSubmit={submit}>
      <SelectField
        label={t('sampling.group')}
        value={group_name}
        options={model.groups.map(({ name }) => ({ value: name, label: name.replaceAll('_', ' ') }))}
        on_change={(name) => {
          setGroup(name ?? '');
          setRegister(undefined);
        }}
      />
      <SelectField
        label={t('sampling.register')}
        value={register}
        none={t('sampling.whole_group')}
        help={t('sampling.together')}
        options={registers.map((name) => ({ value: name, label: register_label(name, t) }))}
        on_change={setRegister}
      />
      <TextField
        label={t('sampling.seconds')}
        value={seconds}
        is_number
        suffix={t('sampling.seconds_unit')}
        placeholder={String(group.interval_ms / ms_per_s)}
        help={t('sampling.seconds_help', bounds)}
        fault={was_tried && interval_ms === undefined ? t('sampling.seconds_fault', bounds) : undefined}
        on_change={setSeconds}
      />
      <TextField label={t('sampling.reason')} value={reason} length_max={500} on_change={setReason} />
      <div className="form-actions">
        <button type="submit" className="button button-main" disabled={set.isPending}>
          {t('sampling.set')}
        </button>
      </div>
      {set.isError && <ProblemView error={set.error} />}
    </form>
  );
}
