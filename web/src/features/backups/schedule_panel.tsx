import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { BackupSchedule } from '../../api/types.ts';
import { TextField } from '../../components/field.tsx';
import { Panel } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';

const numbers = ['daily_keep_days', 'monthly_keep_months', 'drill_every_days'] as const;

/** When backups are made and how long they stay. */
export function SchedulePanel({ schedule }: { schedule: BackupSchedule }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [is_enabled, set_enabled] = useState(schedule.is_enabled ?? true);
  const [texts, set_texts] = useState({
    daily_at: schedule.daily_at,
    time_zone: schedule.time_zone,
    daily_keep_days: String(schedule.daily_keep_days),
    monthly_keep_months: String(schedule.monthly_keep_months),
    drill_every_days: String(schedule.drill_every_days),
  });
  const change = (key: keyof typeof texts) => (value: string) => set_texts({ ...texts, [key]: value });
  const save = useMutation({
    mutationFn: () => {
      const counts = Object.fromEntries(numbers.map((key) => [key, Number(texts[key])]));
      return api.set_backup_schedule({
        is_enabled,
        daily_at: texts.daily_at,
        time_zone: texts.time_zone,
        ...counts,
      } as BackupSchedule);
    },
    onSuccess: () => client.invalidateQueries({ queryKey: queries.backups().queryKey }),
  });
  return (
    <Panel title={t('backups.schedule')}>
      <form
        className="backup-form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <label className="is-whole-row">
          <input type="checkbox" checked={is_enabled} onChange={({ target }) => set_enabled(target.checked)} />{' '}
          {t('backups.enabled')}
        </label>
        <TextField
          label={t('backups.daily_at')}
          help={t('backups.daily_at_help')}
          value={texts.daily_at}
          on_change={change('daily_at')}
        />
        <TextField label={t('backups.time_zone')} value={texts.time_zone} on_change={change('time_zone')} />
        <TextField
          is_number
          label={t('backups.daily_keep')}
          value={texts.daily_keep_days}
          on_change={change('daily_keep_days')}
        />
        <TextField
          is_number
          label={t('backups.monthly_keep')}
          help={t('backups.monthly_keep_help')}
          value={texts.monthly_keep_months}
          on_change={change('monthly_keep_months')}
        />
        <TextField
          is_number
          label={t('backups.drill_every')}
          value={texts.drill_every_days}
          on_change={change('drill_every_days')}
        />
        <div className="form-actions">
          <button type="submit" className="button button-main" disabled={save.isPending}>
            {t('backups.save')}
          </button>
          <span aria-live="polite">{save.isSuccess ? t('backups.saved') : ''}</span>
        </div>
        {save.isError && (
          <div className="is-whole-row">
            <ProblemView error={save.error} />
          </div>
        )}
      </form>
    </Panel>
  );
}
