import { Field } from '../../components/field.tsx';
import { civil_date, iso_date, normal_date } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';

/** The civil day so many days before today, e.g. "2026-11-14". */
export function day_ago(days: number, now_ms: number, time_zone: string): string {
  const today = civil_date(now_ms, time_zone);
  return iso_date(normal_date(today.year, today.month, today.day - days));
}

/** Two dates, both included. */
export function DayRange({
  from,
  to,
  on_change,
}: {
  from: string;
  to: string;
  on_change: (wanted: { from?: string; to?: string }) => void;
}) {
  const { t } = useLanguage();
  return (
    <>
      <Field label={t('consumption.from')}>
        {(attributes) => (
          <input
            {...attributes}
            type="date"
            className="field-input"
            required
            value={from}
            onChange={({ target }) => target.value && on_change({ from: target.value })}
          />
        )}
      </Field>
      <Field label={t('consumption.to')}>
        {(attributes) => (
          <input
            {...attributes}
            type="date"
            className="field-input"
            required
            value={to}
            onChange={({ target }) => target.value && on_change({ to: target.value })}
          />
        )}
      </Field>
    </>
  );
}
