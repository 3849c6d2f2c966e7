import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { is_message_key, useLanguage } from '../../i18n/index.tsx';
import { type MeterCondition, type MeterConditionKind, sensor_queries } from './sensor_api.ts';
import { useListState } from './use_list_state.ts';

const kinds: MeterConditionKind[] = [
  'valve_leaking',
  'valve_fault',
  'meter_battery_low',
  'meter_interference',
  'meter_cover_open',
  'meter_reversed',
  'meter_sensor_fault',
  'meter_supply_fault',
];

function Detail({ condition }: { condition: MeterCondition }) {
  const { t } = useLanguage();
  const words = (condition.facts.detail ?? '').split(',').filter(Boolean);
  const text = (word: string) => {
    const key = `conditions.detail_${word}`;
    if (word === 'closed_yet_flowing') return t('conditions.detail_closed_yet_flowing', { leaked: condition.facts.leaked ?? '' });
    return is_message_key(key) ? t(key as 'conditions.detail_low') : word;
  };
  return <>{words.map(text).join('、') || '–'}</>;
}

function useColumns(): Column<MeterCondition>[] {
  const { t } = useLanguage();
  return [
    {
      key: 'device',
      header: t('conditions.column_device'),
      is_title: true,
      cell: ({ device }) => <Link to={`/devices/${device.id}`}>{device.name}</Link>,
    },
    {
      key: 'kind',
      header: t('conditions.column_kind'),
      is_corner: true,
      cell: ({ kind, severity }) => (
        <span className={`calibration-state ${severity === 'warning' ? 'is-due' : 'is-overdue'}`}>{t(`conditions.${kind}`)}</span>
      ),
    },
    { key: 'detail', header: t('conditions.column_detail'), cell: (condition) => <Detail condition={condition} /> },
    { key: 'site', header: t('conditions.column_site'), is_minor: true, cell: ({ site }) => site?.name ?? '–' },
    {
      key: 'since',
      header: t('conditions.column_since'),
      cell: ({ since }) => <TimeText time={since} time_zone="Asia/Shanghai" />,
    },
  ];
}

/** What meters report of themselves: the list of low batteries, valves, interference. */
export default function ConditionsPart() {
  const { t } = useLanguage();
  const list = useListState();
  const kind = list.of('kind');
  const conditions = useQuery(sensor_queries.conditions(list.page, list.of('search'), kind));
  const columns = useColumns();
  return (
    <>
      <div className="filters">
        <input
          type="search"
          className="field-input"
          aria-label={t('conditions.search')}
          placeholder={t('conditions.search')}
          maxLength={100}
          value={list.of('search')}
          onChange={({ target }) => list.change('search', target.value)}
        />
        <select
          className="field-input"
          aria-label={t('conditions.kind')}
          value={kind}
          onChange={({ target }) => list.change('kind', target.value)}
        >
          <option value="">{t('conditions.all')}</option>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {`${t(`conditions.${one}`)} (${conditions.data?.counts[one] ?? 0})`}
            </option>
          ))}
        </select>
      </div>
      {conditions.isError && <ProblemView error={conditions.error} on_retry={() => void conditions.refetch()} />}
      {conditions.isPending && <Skeleton rows={8} height={30} />}
      {conditions.data?.conditions.length === 0 && <Empty title={t('conditions.empty')} hint={t('conditions.empty_hint')} />}
      {conditions.data && conditions.data.conditions.length > 0 && (
        <>
          <DataTable
            caption={t('conditions.caption')}
            columns={columns}
            rows={conditions.data.conditions}
            row_key={({ device, kind: what }) => `${device.id} ${what}`}
            is_stale={conditions.isPlaceholderData}
          />
          <Pager
            page={list.page}
            pages={Math.ceil(conditions.data.total / conditions.data.page_size)}
            on_change={(wanted) => list.change('page', wanted > 1 ? String(wanted) : '')}
          />
        </>
      )}
    </>
  );
}
