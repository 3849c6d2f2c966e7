import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { queries } from '../../api/queries.ts';
import { server_now_ms } from '../../api/server_clock.ts';
import type { Completeness, DeviceDetail } from '../../api/types.ts';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { type Span, span_of } from '../../format/span.ts';
import { type CivilDate, clock_text, iso_date } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from './registers.ts';

type RegisterCompleteness = Completeness['registers'][number];
const shown_at_first = 10;

/** Ratios are cut, never rounded up: 100 % is said only when nothing is missing. */
export function percent_text(present: number, expected: number): string {
  if (expected === 0) return '–';
  return `${(Math.floor((present / expected) * 1000) / 10).toFixed(1)} %`;
}

function Strip({ register, day, time_zone }: { register: RegisterCompleteness; day: Span; time_zone: string }) {
  const { t } = useLanguage();
  const length_ms = day.to_ms - day.from_ms;
  const share = (instant_ms: number) => (Math.min(Math.max(instant_ms - day.from_ms, 0), length_ms) / length_ms) * 100;
  const past = share(server_now_ms());
  const texts = register.gaps.map(({ from, to }) =>
    t('completeness.gap', { from: clock_text(Date.parse(from), time_zone), to: clock_text(Date.parse(to), time_zone) }),
  );
  return (
    <div className="strip" title={texts.slice(0, 8).join('\n') || t('completeness.no_gaps')}>
      <span className="visually-hidden">{texts.length > 0 ? texts.join('; ') : t('completeness.no_gaps')}</span>
      {register.present > 0 && <span className="strip-present" style={{ left: 0, width: `${past}%` }} />}
      {register.gaps.map(({ from, to }) => (
        <span
          key={from}
          className="strip-gap"
          style={{
            left: `${share(Date.parse(from))}%`,
            width: `max(2px, ${share(Date.parse(to)) - share(Date.parse(from))}%)`,
          }}
        />
      ))}
    </div>
  );
}

function Rows({ completeness, day }: { completeness: Completeness; day: Span }) {
  const { t } = useLanguage();
  const [shows_all, setShowsAll] = useState(false);
  const by_need = [...completeness.registers].sort((a, b) => a.present * b.expected - b.present * a.expected);
  const shown = shows_all ? by_need : by_need.slice(0, shown_at_first);
  return (
    <>
      <ul className="strips">
        {shown.map((register) => (
          <li key={register.series_id}>
            <span className="strip-name">{register_label(register.register, t)}</span>
            <Strip register={register} day={day} time_zone={completeness.time_zone} />
            <span className="number strip-ratio">{percent_text(register.present, register.expected)}</span>
          </li>
        ))}
      </ul>
      <div className="strip-hours number faint small" aria-hidden="true">
        {[0, 6, 12, 18, 24].map((hour) => (
          <span key={hour}>{hour}</span>
        ))}
      </div>
      {by_need.length > shown_at_first && (
        <button type="button" className="button button-small" onClick={() => setShowsAll(!shows_all)}>
          {shows_all ? t('completeness.show_less') : t('completeness.show_all', { count: by_need.length })}
        </button>
      )}
    </>
  );
}

/** How much of a civil day's planned readings came, and where they are missing; the least complete registers first. */
export function CompletenessPanel({ device, date }: { device: DeviceDetail; date: CivilDate }) {
  const { t } = useLanguage();
  const day = span_of('day', date, device.time_zone);
  const completeness = useQuery({
    ...queries.completeness(device.id, iso_date(date)),
    refetchInterval: day.to_ms > server_now_ms() ? 60_000 : false,
  });
  const { data } = completeness;
  return (
    <Panel
      title={t('device.completeness')}
      note={<span className="number">{iso_date(date)}</span>}
      className="completeness-panel"
    >
      {completeness.isPending && <Skeleton rows={6} />}
      {completeness.isError && <ProblemView error={completeness.error} on_retry={() => void completeness.refetch()} />}
      {data && data.expected === 0 && <Empty title={t('completeness.no_data')} />}
      {data && data.expected > 0 && (
        <>
          <p className="completeness-total">
            <span className="figure figure-large">{percent_text(data.present, data.expected)}</span>
            <span className="faint small number">
              {t('completeness.present', { count: data.present })} / {t('completeness.expected', { count: data.expected })}
            </span>
          </p>
          <Rows completeness={data} day={day} />
          <p className="faint small">{t('completeness.strip')}</p>
        </>
      )}
    </Panel>
  );
}
