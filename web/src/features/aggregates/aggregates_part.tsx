import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import { server_now_ms } from '../../api/server_clock.ts';
import type { AggregateBucket, AggregateMark, Aggregates, DeviceDetail } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { SelectField } from '../../components/field.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { grouped } from '../../format/value.ts';
import { civil_date, iso_date } from '../../format/zoned_time.ts';
import { type Translate, useLanguage } from '../../i18n/index.tsx';
import { chosen_register, register_label } from '../devices/registers.ts';
import { bucket_path, FigureLink } from '../provenance/figure_link.tsx';
import { FrameLink } from '../provenance/frame_link.tsx';
import './aggregates.css';
import { type Bar, Bars } from './bars.tsx';
import { csv_text, save_csv } from './csv.ts';
import { DayRange, day_ago } from './day_range.tsx';
import { Marks } from './marks.tsx';

type By = Aggregates['by'];
const spans: Record<By, number> = { hour: 1, day: 30, week: 120, month: 365, year: 1_800 };

/** A value that leads to the frame that carried it. */
function Value({ mark, unit }: { mark: AggregateMark | null; unit: string }) {
  if (!mark?.value) return <>–</>;
  const text = (
    <>
      <span className="number">{grouped(mark.value)}</span> <span className="unit">{unit}</span>
    </>
  );
  if (!mark.frame) return text;
  return <FrameLink frame={mark.frame}>{text}</FrameLink>;
}

function Amount({ text, unit }: { text: string | null; unit: string }) {
  if (text === null) return <>–</>;
  return (
    <>
      <span className="number">{grouped(text)}</span> <span className="unit">{unit}</span>
    </>
  );
}

function period_column(data: Aggregates, time_zone: string, t: Translate): Column<AggregateBucket> {
  return {
    key: 'period',
    header: t('aggregates.column_period'),
    is_title: true,
    cell: (bucket) =>
      data.by === 'hour' ? <TimeText time={bucket.to} time_zone={time_zone} /> : <span className="number">{bucket.label}</span>,
  };
}

/** For rows of a release that did not note `over_gap`: where buckets begin that do not follow on the one before: an increase runs from the last value, whenever that was. */
export function after_gaps(buckets: readonly Pick<AggregateBucket, 'from' | 'to'>[]): Set<string> {
  return new Set(buckets.filter(({ from }, index) => index > 0 && buckets[index - 1]?.to !== from).map(({ from }) => from));
}

function columns_of(data: Aggregates, time_zone: string, t: Translate): Column<AggregateBucket>[] {
  const late = after_gaps(data.buckets);
  const value = (key: 'first' | 'last' | 'min' | 'max'): Column<AggregateBucket> => ({
    key,
    header: t(`aggregates.column_${key}`),
    align: 'end',
    cell: (bucket) => <Value mark={bucket[key]} unit={data.unit} />,
  });
  const amount = (key: 'increase' | 'mean_rounded', header: string): Column<AggregateBucket> => ({
    key,
    header,
    align: 'end',
    is_corner: true,
    cell: (bucket) => <Amount text={bucket[key]} unit={data.unit} />,
  });
  return [
    period_column(data, time_zone, t),
    ...(data.counts_up
      ? [amount('increase', t('aggregates.column_increase')), value('first'), value('last')]
      : [amount('mean_rounded', t('aggregates.column_mean')), value('min'), value('max')]),
    {
      key: 'values',
      header: t('aggregates.column_values'),
      align: 'end',
      is_minor: true,
      cell: ({ values }) => <span className="number">{values}</span>,
    },
    {
      key: 'marks',
      header: t('aggregates.column_marks'),
      cell: (bucket) => (
        <Marks {...bucket} is_after_gap={data.counts_up && late.has(bucket.from) && !bucket.findings.includes('over_gap')} />
      ),
    },
    {
      key: 'way',
      header: t('figure.column_way'),
      cell: (bucket) => (
        <FigureLink
          to={bucket_path(
            data.series_id,
            data.by,
            day_in(data.by, bucket, data.time_zone),
            data.by === 'hour' ? bucket.from : undefined,
          )}
          name={data.by === 'hour' ? bucket.to : bucket.label}
        />
      ),
    },
  ];
}

/** A day of the bucket: labels of weeks, months and years name none. */
function day_in(by: By, bucket: AggregateBucket, time_zone: string): string {
  if (by === 'hour' || by === 'day') return bucket.label;
  return iso_date(civil_date(Date.parse(bucket.from), time_zone));
}

const number_of = (text: string | null | undefined) => (text === null || text === undefined ? null : Number(text));

function bars_of(data: Aggregates): Bar[] {
  return data.buckets.map((bucket) => {
    const shown = data.counts_up ? bucket.increase : bucket.mean_rounded;
    return {
      label: data.by === 'hour' ? bucket.to : bucket.label,
      low: data.counts_up ? number_of(bucket.increase) : number_of(bucket.min?.value),
      high: data.counts_up ? number_of(bucket.increase) : number_of(bucket.max?.value),
      middle: data.counts_up ? null : number_of(bucket.mean_rounded),
      title: `${data.by === 'hour' ? bucket.to : bucket.label}: ${shown ?? '–'} ${data.unit}`,
      is_provisional: bucket.provisional,
      is_edited: bucket.estimated + bucket.corrected > 0,
    };
  });
}

/** What is shown, with the exact mean instead of the rounded one. */
export function aggregates_csv(data: Aggregates): string {
  const mark = (one: AggregateMark | null) => [one?.time ?? null, one?.value ?? null, one?.frame ?? null];
  return csv_text(
    ['label', 'from', 'to', 'unit', 'provisional', 'values', 'without_value', 'estimated', 'corrected', 'increase']
      .concat(['increase_edited', 'mean', 'findings', 'expected', 'completeness', 'share_estimated', 'past_calibration'])
      .concat(['first', 'last', 'min', 'max'].flatMap((name) => [`${name}_time`, name, `${name}_frame`])),
    data.buckets.map((one) => [
      one.label,
      one.from,
      one.to,
      data.unit,
      String(one.provisional),
      one.values,
      one.without_value,
      one.estimated,
      one.corrected,
      one.increase,
      one.increase_edited,
      one.mean,
      one.findings.join(' '),
      one.expected,
      one.completeness,
      one.share_estimated,
      String(one.past_calibration ?? false),
      ...[one.first, one.last, one.min, one.max].flatMap(mark),
    ]),
  );
}

function Shown({ data, time_zone, is_stale }: { data: Aggregates; time_zone: string; is_stale: boolean }) {
  const { t } = useLanguage();
  if (data.buckets.length === 0) return <Empty title={t('aggregates.empty')} hint={t('aggregates.empty_hint')} />;
  return (
    <>
      <Bars
        bars={bars_of(data)}
        floats={!data.counts_up}
        label={t(data.counts_up ? 'aggregates.chart_increase' : 'aggregates.chart_range', {
          register: register_label(data.register, t),
        })}
      />
      <DataTable
        caption={t('aggregates.caption')}
        columns={columns_of(data, time_zone, t)}
        rows={[...data.buckets].reverse()}
        row_key={({ from }) => from}
        is_stale={is_stale}
      />
    </>
  );
}

/** How many of the device's values wait for somebody to look; nothing when none do. */
function UnderReview({ device }: { device: DeviceDetail }) {
  const { t } = useLanguage();
  const found = useQuery(queries.value_findings({ page: 1, state: 'open', rule: '', device: device.id }));
  if (!found.data || found.data.total === 0) return null;
  return (
    <p className="aggregate-notes" role="status">
      {t('review.device_open', { count: found.data.total })} ·{' '}
      <Link to={`/review?device=${device.id}`}>{t('review.device_link')}</Link>
    </p>
  );
}

/** Hours, days, weeks, months and years of one register of a device. */
export default function AggregatesPart({ device }: { device: DeviceDetail }) {
  const { t } = useLanguage();
  const [parameters] = useSearchParams();
  const registers = device.registers.filter(({ kind }) => kind === 'decimal');
  const usual = registers.find(({ register }) => register === 'energy_active_import_total')?.register ?? null;
  const [series_id, setSeries] = useState(chosen_register(registers, parameters.get('register') ?? usual)?.series_id);
  const [by, setBy] = useState<By>('day');
  const today = day_ago(0, server_now_ms(), device.time_zone);
  const [days, setDays] = useState({ from: day_ago(spans.day, server_now_ms(), device.time_zone), to: today });
  const found = useQuery({ ...queries.aggregates(series_id ?? 0, by, days.from, days.to), enabled: series_id !== undefined });
  if (series_id === undefined) return <Empty title={t('aggregates.empty')} />;
  const choose = (wanted: By) => {
    setBy(wanted);
    setDays({ from: day_ago(spans[wanted], server_now_ms(), device.time_zone), to: today });
  };
  return (
    <Panel
      title={t('aggregates.title')}
      note={found.data?.time_zone}
      actions={
        found.data &&
        found.data.buckets.length > 0 && (
          <button
            type="button"
            className="button"
            onClick={() => save_csv(`${device.uid}-${found.data.register}-${by}.csv`, aggregates_csv(found.data))}
          >
            {t('aggregates.csv')}
          </button>
        )
      }
    >
      <div className="aggregate-controls">
        <SelectField
          label={t('aggregates.register')}
          value={series_id}
          options={registers.map((one) => ({ value: one.series_id, label: register_label(one.register, t) }))}
          on_change={(value) => value && setSeries(value)}
        />
        <SelectField
          label={t('aggregates.column_period')}
          value={by}
          options={(['hour', 'day', 'week', 'month', 'year'] as const).map((one) => ({
            value: one,
            label: t(`aggregates.by_${one}`),
          }))}
          on_change={(value) => value && choose(value)}
        />
        <DayRange from={days.from} to={days.to} on_change={(wanted) => setDays((before) => ({ ...before, ...wanted }))} />
      </div>
      <UnderReview device={device} />
      {found.isPending && <Skeleton rows={6} height={24} />}
      {found.isError && <ProblemView error={found.error} on_retry={() => void found.refetch()} />}
      {found.data && <Shown data={found.data} time_zone={device.time_zone} is_stale={found.isPlaceholderData} />}
    </Panel>
  );
}
