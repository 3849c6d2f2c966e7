import { useMemo } from 'react';
import { useServerNow } from '../api/server_clock.ts';
import { duration_text } from '../format/age.ts';
import { date_time_text, usable_time_zone } from '../format/zoned_time.ts';
import { useLanguage } from '../i18n/index.tsx';

interface TimeProps {
  time: string;
  time_zone?: string | undefined;
}

function hint(time: string, time_zone: string | undefined): string {
  const zone = usable_time_zone(time_zone);
  return `${date_time_text(Date.parse(time), zone)} ${zone}\n${time.replace('T', ' ').replace('Z', '')} UTC`;
}

/** A point in time in the site's zone; UTC to the millisecond in the tooltip. */
export function TimeText({ time, time_zone, milliseconds = false }: TimeProps & { milliseconds?: boolean }) {
  const instant_ms = Date.parse(time);
  const text = date_time_text(instant_ms, usable_time_zone(time_zone));
  return (
    <time className="number" dateTime={time} title={hint(time, time_zone)}>
      {text}
      {milliseconds && <span className="faint">.{String(((instant_ms % 1000) + 1000) % 1000).padStart(3, '0')}</span>}
    </time>
  );
}

/** How long ago, ticking; the time itself in the tooltip. `stale_ms` marks what is older than it should be. */
export function Age({ time, time_zone, stale_ms }: { time: string | null; time_zone?: string | undefined; stale_ms?: number }) {
  const { t, language } = useLanguage();
  const now_ms = useServerNow();
  // Making it costs more than the age itself, which is made every second.
  const title = useMemo(() => (time === null ? undefined : hint(time, time_zone)), [time, time_zone]);
  if (time === null) return <span className="faint">{t('age.never')}</span>;
  const age_ms = now_ms - Date.parse(time);
  const text =
    age_ms < -5_000
      ? t('age.ahead')
      : age_ms < 1_000
        ? t('age.now')
        : t('age.label', { age: duration_text(age_ms, language, 'narrow') });
  const is_stale = stale_ms !== undefined && age_ms > stale_ms;
  return (
    <time className={is_stale ? 'number age stale' : 'number age'} dateTime={time} title={title}>
      {text}
    </time>
  );
}
