import { type UseQueryResult, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import { server_now_ms } from '../../api/server_clock.ts';
import type { FleetAnswer, FleetCompleteness, FleetGroup, FleetPlace, FleetTop, FleetTotals } from '../../api/types.ts';
import { DataTable } from '../../components/data_table.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { Empty, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { grouped } from '../../format/value.ts';
import { parse_iso_date } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { FigureLink, stretch_path } from '../provenance/figure_link.tsx';
import './aggregates.css';
import { csv_text, save_csv } from './csv.ts';
import { DayRange, day_ago } from './day_range.tsx';
import { Marks } from './marks.tsx';

const usual_register = 'energy_active_import_total';
const known_registers = [usual_register, 'energy_active_export_total', 'volume_total', 'energy_heat_total'];
const groupings = ['organisation', 'site', 'model', 'customer_tariff', 'tariff'] as const;
type Grouping = (typeof groupings)[number];
const browser_zone = 'Asia/Shanghai';

function Amount({ text, unit }: { text: string; unit: string }) {
  return (
    <>
      <span className="number">{grouped(text)}</span> <span className="unit">{unit}</span>
    </>
  );
}

/** How far the figures can be relied on, and what is not in them. */
function Standing({ answer }: { answer: FleetAnswer }) {
  const { t } = useLanguage();
  const { settled_through, changes_waiting } = answer.standing;
  const { partly_visible, other_unit } = answer.left_out;
  return (
    <p className="aggregate-notes">
      {t('fleet.series', { count: answer.series })} ·{' '}
      {settled_through ? t('fleet.settled', { day: settled_through }) : t('fleet.not_settled')}
      {changes_waiting && <> · {t('fleet.changes_waiting')}</>}
      {partly_visible > 0 && <> · {t('fleet.partly_visible', { count: partly_visible })}</>}
      {other_unit > 0 && <> · {t('fleet.other_unit', { count: other_unit })}</>}
    </p>
  );
}

/** Loading, failure, nothing, or what came. */
function Answer<Data extends FleetAnswer>({
  title,
  found,
  csv,
  children,
}: {
  title: string;
  found: UseQueryResult<Data>;
  csv: (data: Data) => string;
  children: (data: Data) => ReactNode;
}) {
  const { t } = useLanguage();
  const { data } = found;
  return (
    <Panel
      title={title}
      note={data?.time_zone}
      actions={
        data &&
        data.series > 0 && (
          <button
            type="button"
            className="button"
            aria-label={t('fleet.csv_of', { title })}
            onClick={() => save_csv(`${data.register}-${data.from}-${data.to}.csv`, csv(data))}
          >
            {t('aggregates.csv')}
          </button>
        )
      }
    >
      {found.isPending && <Skeleton rows={6} height={24} />}
      {found.isError && <ProblemView error={found.error} on_retry={() => void found.refetch()} />}
      {data && data.series === 0 && <Empty title={t('fleet.empty')} hint={t('fleet.empty_hint')} />}
      {data && data.series > 0 && (
        <>
          <Standing answer={data} />
          {children(data)}
        </>
      )}
    </Panel>
  );
}

function Place({ place }: { place: FleetPlace }) {
  const { t } = useLanguage();
  if (place.device) return <Link to={`/devices/${place.device.id}/aggregates`}>{place.device.name}</Link>;
  return (
    <>
      <span className="mono">{place.device_uid}</span> <span className="faint">{t('fleet.unassigned')}</span>
    </>
  );
}

const group_text = (group: FleetGroup, none: string) => group?.name ?? none;
const place_cells = (place: FleetPlace) => [place.series_id, place.device?.name ?? null, place.device_uid];
const place_head = ['series_id', 'device', 'device_uid'];

function top_csv(data: FleetTop): string {
  return csv_text(
    ['rank', ...place_head, 'organisation', 'amount', 'edited', 'unit', 'days_with_values', 'findings', 'group'],
    data.rows.map((row, index) => [
      index + 1,
      ...place_cells(row),
      row.organisation?.name ?? null,
      row.amount,
      row.edited,
      data.unit,
      row.days_with_values,
      row.findings.join(' '),
      row.group?.name ?? null,
    ]),
  );
}

function Top({ data }: { data: FleetTop }) {
  const { t } = useLanguage();
  const most = Math.max(...data.rows.map(({ amount }) => Math.abs(Number(amount))), 0) || 1;
  if (data.rows.length === 0) return <Empty title={t('fleet.empty')} />;
  return (
    <DataTable
      caption={t('fleet.top')}
      rows={data.rows}
      row_key={({ series_id, group }) => `${series_id} ${group?.id ?? ''}`}
      columns={[
        { key: 'device', header: t('fleet.column_device'), is_title: true, cell: (row) => <Place place={row} /> },
        ...(data.rows.some(({ group }) => group !== undefined)
          ? [
              {
                key: 'group',
                header: t('fleet.column_group'),
                cell: ({ group }: FleetTop['rows'][number]) => group_text(group ?? null, t('fleet.none')),
              },
            ]
          : []),
        {
          key: 'amount',
          header: t('fleet.column_amount'),
          align: 'end',
          is_corner: true,
          cell: ({ amount }) => (
            <>
              <Amount text={amount} unit={data.unit} />
              <span className="share" aria-hidden="true" style={{ width: `${(Math.abs(Number(amount)) / most) * 100}%` }} />
            </>
          ),
        },
        {
          key: 'edited',
          header: t('fleet.column_edited'),
          align: 'end',
          cell: ({ edited }) => <Amount text={edited} unit={data.unit} />,
        },
        { key: 'organisation', header: t('fleet.by_organisation'), cell: ({ organisation }) => organisation?.name ?? '–' },
        { key: 'marks', header: t('aggregates.column_marks'), cell: ({ findings }) => <Marks findings={findings} /> },
        {
          key: 'way',
          header: t('figure.column_way'),
          cell: (row) => (
            <FigureLink to={stretch_path(row.series_id, data.from, data.to)} name={row.device?.name ?? row.device_uid} />
          ),
        },
      ]}
    />
  );
}

function totals_csv(data: FleetTotals): string {
  return csv_text(
    ['group', 'amount', 'edited', 'unit', 'series', 'series_with_values', 'series_in_doubt', 'series_over_gap'],
    [...data.rows, { ...data.total, group: { id: null, name: '*' } }].map((row) => [
      row.group?.name ?? null,
      row.amount,
      row.edited,
      data.unit,
      row.series,
      row.series_with_values,
      row.series_in_doubt,
      row.series_over_gap,
    ]),
  );
}

function Totals({ data }: { data: FleetTotals }) {
  const { t } = useLanguage();
  const rows = [...data.rows, { ...data.total, group: { id: null, name: t('fleet.all') } }];
  return (
    <DataTable
      caption={t('fleet.totals')}
      rows={rows}
      row_key={({ group }) => `${group?.id ?? ''} ${group?.name ?? ''}`}
      columns={[
        {
          key: 'group',
          header: t('fleet.column_group'),
          is_title: true,
          cell: ({ group }) => group_text(group, t('fleet.none')),
        },
        {
          key: 'amount',
          header: t('fleet.column_amount'),
          align: 'end',
          is_corner: true,
          cell: ({ amount }) => <Amount text={amount} unit={data.unit} />,
        },
        {
          key: 'edited',
          header: t('fleet.column_edited'),
          align: 'end',
          cell: ({ edited }) => <Amount text={edited} unit={data.unit} />,
        },
        {
          key: 'series',
          header: t('fleet.column_with_values'),
          align: 'end',
          cell: (row) => <span className="number">{`${row.series_with_values} / ${row.series}`}</span>,
        },
        {
          key: 'doubt',
          header: t('fleet.column_doubt'),
          align: 'end',
          cell: ({ series_in_doubt }) => <span className="number">{series_in_doubt}</span>,
        },
        {
          key: 'gap',
          header: t('fleet.column_over_gap'),
          align: 'end',
          cell: ({ series_over_gap }) => <span className="number">{series_over_gap}</span>,
        },
      ]}
    />
  );
}

/** Both lists, the days and then what is missing. */
function completeness_csv(data: FleetCompleteness): string {
  return csv_text(
    ['day', 'group', 'provisional', 'series', 'series_with_values', ...place_head, 'missing_from', 'missing_to'],
    [
      ...data.rows.map((row) => [
        row.day,
        row.group?.name ?? null,
        String(row.provisional),
        row.series,
        row.series_with_values,
        ...[null, null, null, null, null],
      ]),
      ...data.missing.map((row) => [null, null, null, null, null, ...place_cells(row), row.from, row.to]),
    ],
  );
}

function Completeness({ data }: { data: FleetCompleteness }) {
  const { t } = useLanguage();
  return (
    <>
      <DataTable
        caption={t('fleet.completeness')}
        rows={[...data.rows].reverse()}
        row_key={({ day, group }) => `${day} ${group?.id ?? ''} ${group?.name ?? ''}`}
        columns={[
          { key: 'day', header: t('fleet.column_day'), is_title: true, cell: ({ day }) => <span className="number">{day}</span> },
          {
            key: 'share',
            header: t('fleet.column_with_values'),
            align: 'end',
            is_corner: true,
            cell: (row) => (
              <>
                <span className="number">{`${row.series_with_values} / ${row.series}`}</span>
                <span
                  className="share"
                  aria-hidden="true"
                  style={{ width: `${(row.series_with_values / Math.max(1, row.series)) * 100}%` }}
                />
              </>
            ),
          },
          {
            key: 'marks',
            header: t('aggregates.column_marks'),
            cell: ({ provisional }) => <Marks provisional={provisional} />,
          },
        ]}
      />
      <h3>{t('fleet.missing')}</h3>
      {data.missing.length === 0 && <p className="faint">{t('fleet.nothing_missing')}</p>}
      {data.missing.length > 0 && (
        <DataTable
          caption={t('fleet.missing')}
          rows={data.missing}
          row_key={({ series_id, from }) => `${series_id} ${from}`}
          columns={[
            { key: 'device', header: t('fleet.column_device'), is_title: true, cell: (row) => <Place place={row} /> },
            { key: 'from', header: t('consumption.from'), cell: ({ from }) => <span className="number">{from}</span> },
            { key: 'to', header: t('consumption.to'), cell: ({ to }) => <span className="number">{to}</span> },
            {
              key: 'days',
              header: t('fleet.column_days'),
              align: 'end',
              is_corner: true,
              cell: ({ days }) => <span className="number">{days}</span>,
            },
          ]}
        />
      )}
      {data.missing_truncated && <p role="status">{t('fleet.missing_truncated')}</p>}
    </>
  );
}

interface Asked {
  register: string;
  from: string;
  to: string;
  group: Grouping;
  /** "group": the largest of each group. */
  top: string;
}

/** The question stands in the address, so that it can be sent to somebody. */
function read_question(parameters: URLSearchParams, now_ms: number): Asked {
  const day = (name: string, fallback: string) => {
    const text = parameters.get(name);
    return text !== null && parse_iso_date(text) ? text : fallback;
  };
  return {
    register: parameters.get('register') || usual_register,
    from: day('from', day_ago(7, now_ms, browser_zone)),
    to: day('to', day_ago(1, now_ms, browser_zone)),
    group: groupings.find((one) => one === parameters.get('group')) ?? 'organisation',
    top: parameters.get('top') === 'group' ? 'group' : 'all',
  };
}

/** The largest consumers, totals by group, and whether everything came. */
export default function FleetPage() {
  const { t } = useLanguage();
  const [parameters, setParameters] = useSearchParams();
  const asked = read_question(parameters, server_now_ms());
  const { register, from, to, group } = asked;
  const each_group = asked.top === 'group';
  const counts_up = /^(energy_|volume_|heat_energy|cooling_energy)/.test(register);
  const top = useQuery({
    ...(each_group ? queries.fleet_top(register, from, to, 5, group) : queries.fleet_top(register, from, to, 20)),
    enabled: counts_up,
  });
  const totals = useQuery({ ...queries.fleet_totals(register, from, to, group), enabled: counts_up });
  const completeness = useQuery(queries.fleet_completeness(register, from, to));
  const change = (wanted: Partial<Asked>) => setParameters({ ...asked, ...wanted }, { replace: true, preventScrollReset: true });
  return (
    <>
      <PageHeader title={t('fleet.title')} note={t('fleet.note')} />
      <div className="aggregate-controls">
        <TextField
          label={t('aggregates.register')}
          value={register}
          suggestions={known_registers}
          length_max={100}
          is_mono
          on_change={(value) => change({ register: value.trim() })}
        />
        <DayRange from={from} to={to} on_change={change} />
        <SelectField
          label={t('fleet.column_group')}
          value={group}
          options={groupings.map((one) => ({ value: one, label: t(`fleet.by_${one}`) }))}
          on_change={(value) => value && change({ group: value })}
        />
        <label className="check-line">
          <input
            type="checkbox"
            checked={each_group}
            onChange={({ target }) => change({ top: target.checked ? 'group' : 'all' })}
          />
          {t('fleet.top_by_group')}
        </label>
      </div>
      {group === 'customer_tariff' && <p className="aggregate-notes">{t('fleet.by_customer_tariff_note')}</p>}
      {!counts_up && <p className="aggregate-notes">{t('fleet.counts_not_up')}</p>}
      {counts_up && (
        <>
          <Answer title={t('fleet.top')} found={top} csv={top_csv}>
            {(data) => <Top data={data} />}
          </Answer>
          <Answer title={t('fleet.totals')} found={totals} csv={totals_csv}>
            {(data) => <Totals data={data} />}
          </Answer>
        </>
      )}
      <Answer title={t('fleet.completeness')} found={completeness} csv={completeness_csv}>
        {(data) => <Completeness data={data} />}
      </Answer>
    </>
  );
}
