import { useQuery } from '@tanstack/react-query';
import { DatePicker, Segmented, Select } from 'antd';
import dayjs from 'dayjs';
import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import { server_now_ms } from '../../api/server_clock.ts';
import type { CurveShape, DeviceDetail, RegisterLatest } from '../../api/types.ts';
import { Icon } from '../../components/icons.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { type SpanName, span_names, span_of, step_date } from '../../format/span.ts';
import { grouped } from '../../format/value.ts';
import { civil_date, iso_date, normal_date, parse_iso_date } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { value_parameter } from '../edits/version_link.tsx';
import { usePollInterval } from '../live/live_context.tsx';
import { frame_parameter } from '../provenance/frame_link.tsx';
import { extremes } from './curve_model.ts';
import { CurveTable } from './curve_table.tsx';
import { bucket_count, type HistoryState } from './history_state.ts';
import { drawable, register_label } from './registers.ts';
import { slot_s } from './slot.ts';

const CurveChart = lazy(() => import('./curve_chart.tsx'));

interface Props {
  device: DeviceDetail;
  register: RegisterLatest;
  state: HistoryState;
  change: (change: Partial<Record<'register' | 'span' | 'date', string>>) => void;
}

function Controls({ device, register, state, change }: Props) {
  const { t } = useLanguage();
  const today = civil_date(server_now_ms(), device.time_zone);
  const is_newest = span_of(state.span, state.date, device.time_zone).to_ms > server_now_ms();
  const go = (step: 1 | -1) => change({ date: iso_date(step_date(state.span, state.date, step)) });
  return (
    <div className="curve-controls">
      <Select
        className="curve-register"
        aria-label={t('curve.register')}
        value={register.register}
        onChange={(value) => change({ register: value })}
        options={drawable(device.registers).map(({ register: name }) => ({ value: name, label: register_label(name, t) }))}
      />
      <Segmented<SpanName>
        aria-label={t('curve.range')}
        value={state.span}
        onChange={(span) => change({ span })}
        options={span_names.map((name) => ({ value: name, label: t(`curve.${name}`) }))}
      />
      <div className="stepper">
        <button type="button" className="button button-icon" aria-label={t('curve.previous')} onClick={() => go(-1)}>
          <Icon name="left" size={16} />
        </button>
        <DatePicker
          aria-label={t('curve.date')}
          className="curve-date"
          allowClear={false}
          inputReadOnly
          value={dayjs(iso_date(state.date))}
          maxDate={dayjs(iso_date(today))}
          onChange={(date) => date && change({ date: date.format('YYYY-MM-DD') })}
        />
        <button
          type="button"
          className="button button-icon"
          aria-label={t('curve.next')}
          disabled={is_newest}
          onClick={() => go(1)}
        >
          <Icon name="right" size={16} />
        </button>
        <button
          type="button"
          className="button"
          disabled={iso_date(state.date) === iso_date(today)}
          onClick={() => change({ date: '' })}
        >
          {t('curve.today')}
        </button>
      </div>
    </div>
  );
}

/** The curve of one register over a calendar day, week, month or year of the site's zone. */
export function CurvePanel({ device, register, state, change }: Props) {
  const { t } = useLanguage();
  const [shows_table, setShowsTable] = useState(false);
  const [buckets] = useState(() => bucket_count(window.innerWidth));
  const [shape, setShape] = useState<CurveShape>('minmax');
  const date_text = iso_date(state.date);
  const span = useMemo(
    () => span_of(state.span, parse_iso_date(date_text) ?? { year: 1970, month: 1, day: 1 }, device.time_zone),
    [state.span, date_text, device.time_zone],
  );
  const polling_ms = usePollInterval(30_000, 15_000);
  const curve = useQuery({
    ...queries.curve(register.series_id, span.from_ms, span.to_ms, buckets, shape),
    refetchInterval: span.to_ms > server_now_ms() ? polling_ms : false,
  });
  const [, setParameters] = useSearchParams();
  const series_id = register.series_id;
  const open_point = useCallback(
    ({ frame, time }: { frame: string; time: string }, is_edited: boolean) =>
      setParameters((before) => {
        const next = new URLSearchParams(before);
        if (is_edited) next.set(value_parameter, `${series_id}@${time}`);
        else next.set(frame_parameter, frame);
        return next;
      }),
    [setParameters, series_id],
  );
  const name = register_label(register.register, t);
  const range = curve.data && extremes(curve.data);
  const last_day = normal_date(span.end_day.year, span.end_day.month, span.end_day.day - 1);
  const label = range
    ? t('curve.label', {
        register: name,
        from: iso_date(span.first_day),
        to: iso_date(last_day),
        min: grouped(range.min),
        max: grouped(range.max),
        unit: register.unit,
      })
    : name;
  return (
    <Panel
      title={t('device.curve')}
      className="curve-panel"
      note={
        <span className="number">
          {iso_date(span.first_day)}
          {span.name !== 'day' && ` – ${iso_date(last_day)}`}
        </span>
      }
      actions={
        <button
          type="button"
          className="button button-small"
          aria-pressed={shows_table}
          onClick={() => setShowsTable(!shows_table)}
        >
          <Icon name={shows_table ? 'curve' : 'table'} size={15} />
          {t(shows_table ? 'curve.show_chart' : 'curve.show_table')}
        </button>
      }
    >
      <Controls device={device} register={register} state={state} change={change} />
      <div className="curve-controls">
        <Segmented<CurveShape>
          aria-label={t('curve.shape')}
          value={shape}
          onChange={setShape}
          options={(['minmax', 'mean', 'lttb'] as const).map((one) => ({ value: one, label: t(`curve.shape_${one}`) }))}
        />
      </div>
      {curve.isPending && <Skeleton rows={8} height={24} />}
      {curve.isError && <ProblemView error={curve.error} on_retry={() => void curve.refetch()} />}
      {curve.data && curve.data.buckets.length === 0 && <Empty title={t('curve.empty')} />}
      {curve.data && curve.data.buckets.length > 0 && (
        <>
          {shows_table ? (
            <CurveTable curve={curve.data} label={name} time_zone={device.time_zone} />
          ) : (
            <Suspense fallback={<Skeleton rows={8} height={24} />}>
              <CurveChart
                curve={curve.data}
                span={span}
                interval_s={slot_s(device.interval_s)}
                time_zone={device.time_zone}
                label={label}
                on_point={open_point}
              />
            </Suspense>
          )}
          <p className="faint small curve-hint">{t('curve.hint')}</p>
        </>
      )}
    </Panel>
  );
}
