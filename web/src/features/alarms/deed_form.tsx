import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import type { AlarmDeedOutcome } from '../../api/types.ts';
import { SelectField, TextField } from '../../components/field.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';

const hour_ms = 3_600_000;
const spans = [
  { value: 1, key: 'alarms.shelve_hour' },
  { value: 8, key: 'alarms.shelve_shift' },
  { value: 24, key: 'alarms.shelve_day' },
  { value: 168, key: 'alarms.shelve_week' },
] as const;

export type Deed = 'acknowledge' | 'shelve' | 'unshelve';

/** Everything about alarms is asked for again. */
export function useAlarmDeed(on_done: (outcome: AlarmDeedOutcome) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ deed, ids, text, hours }: { deed: Deed; ids: number[]; text: string; hours: number }) => {
      if (deed === 'acknowledge') return api.acknowledge_alarms(ids, text);
      if (deed === 'unshelve') return api.unshelve_alarms(ids);
      return api.shelve_alarms(ids, text, new Date(Date.now() + hours * hour_ms).toISOString());
    },
    onSuccess: on_done,
    onSettled: () =>
      Promise.all(
        ['alarms', 'alarm', 'alarm_counts'].map((first) =>
          client.invalidateQueries({ queryKey: [first], refetchType: 'active' }),
        ),
      ),
  });
}

/** Acknowledging or shelving some alarms, with what has to be said. */
export function DeedForm({ deed, ids, on_done }: { deed: Deed; ids: number[]; on_done: () => void }) {
  const { t } = useLanguage();
  const [text, setText] = useState('');
  const [hours, setHours] = useState(8);
  const [refused, setRefused] = useState<AlarmDeedOutcome['refused']>([]);
  const run = useAlarmDeed((outcome) => {
    setRefused(outcome.refused);
    if (outcome.refused.length === 0) on_done();
  });
  const needs_reason = deed === 'shelve' && text.trim() === '';
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!needs_reason) run.mutate({ deed, ids, text: text.trim(), hours });
      }}
    >
      {deed === 'shelve' && (
        <SelectField
          label={t('alarms.shelve_for')}
          value={hours}
          options={spans.map(({ value, key }) => ({ value: value as number, label: t(key) }))}
          on_change={(chosen) => setHours(chosen ?? 8)}
        />
      )}
      {deed !== 'unshelve' && (
        <TextField
          label={t(deed === 'shelve' ? 'alarms.reason' : 'alarms.note')}
          value={text}
          length_max={160}
          is_wide
          on_change={setText}
        />
      )}
      {run.isError && <ProblemView error={run.error} />}
      {refused.length > 0 && (
        <p className="is-fault" role="alert">
          {t('alarms.refused', { count: refused.length })} {refused[0]?.message}
        </p>
      )}
      <div className="form-actions">
        <button type="submit" className="button button-main" disabled={run.isPending || needs_reason}>
          {t(`alarms.${deed}`)}
        </button>
      </div>
    </form>
  );
}
