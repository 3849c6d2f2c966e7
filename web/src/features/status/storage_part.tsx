import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import type { Storage } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { is_message_key, useLanguage } from '../../i18n/index.tsx';
import { size_text } from '../exports/size_text.ts';
import { useSession } from '../session/session.tsx';

type Part = Storage['parts'][number];
type Disk = Storage['file_systems'][number];

/** Whether somebody has to look: as the alarm says it. */
const urgency = (days: number | null) => (days === null || days > 30 ? 'mark-ok' : days > 7 ? 'mark-degraded' : 'mark-failed');

function usePartName() {
  const { t } = useLanguage();
  return (name: string) => {
    const [word = name, number] = name.split('_');
    const key = `storage.part_${word}`;
    const text = is_message_key(key) ? t(key as 'storage.part_journal') : word;
    return number ? `${text} ${number}` : text;
  };
}

function useGrowth() {
  const { t, language } = useLanguage();
  return (growth: number | null) =>
    growth === null
      ? t('storage.not_known')
      : growth === 0
        ? '0'
        : `${growth < 0 ? '−' : '+'}${size_text(Math.abs(growth), language)}`;
}

function Disks({ disks }: { disks: Disk[] }) {
  const { t, language } = useLanguage();
  const part_name = usePartName();
  const growth = useGrowth();
  const columns: Column<Disk>[] = [
    {
      key: 'name',
      header: t('storage.disk'),
      is_title: true,
      cell: ({ name }) => t('storage.disk_of', { part: part_name(name) }),
    },
    {
      key: 'left',
      header: t('storage.days_left'),
      is_corner: true,
      cell: ({ days_left }) => (
        <span className={`mark ${urgency(days_left)}`}>
          {days_left === null ? t('storage.long') : t('storage.days', { count: Math.floor(days_left) })}
        </span>
      ),
    },
    { key: 'free', header: t('storage.free'), align: 'end', cell: ({ free_bytes }) => size_text(free_bytes, language) },
    { key: 'total', header: t('storage.total'), align: 'end', cell: ({ total_bytes }) => size_text(total_bytes, language) },
    {
      key: 'growth',
      header: t('storage.growth'),
      align: 'end',
      cell: ({ growth_bytes_per_day }) => growth(growth_bytes_per_day),
    },
  ];
  return <DataTable caption={t('storage.disks')} rows={disks} row_key={({ name }) => name} columns={columns} />;
}

function Parts({ parts }: { parts: Part[] }) {
  const { t, language } = useLanguage();
  const part_name = usePartName();
  const growth = useGrowth();
  const columns: Column<Part>[] = [
    { key: 'name', header: t('storage.part'), is_title: true, cell: ({ name }) => part_name(name) },
    {
      key: 'bytes',
      header: t('storage.size'),
      align: 'end',
      is_corner: true,
      cell: ({ bytes }) => <span className="number">{size_text(bytes, language)}</span>,
    },
    {
      key: 'growth',
      header: t('storage.growth'),
      align: 'end',
      cell: ({ growth_bytes_per_day }) => growth(growth_bytes_per_day),
    },
    {
      key: 'disposal',
      header: t('storage.disposal'),
      cell: ({ disposal, kept_days }) =>
        disposal === 'expires' ? t('storage.disposal_expires', { count: kept_days }) : t(`storage.disposal_${disposal}`),
    },
    {
      key: 'encrypted',
      header: t('storage.encrypted'),
      cell: ({ is_encrypted }) => t(is_encrypted ? 'storage.yes' : 'storage.no'),
    },
  ];
  return <DataTable caption={t('storage.parts')} rows={parts} row_key={({ name }) => name} columns={columns} />;
}

/** What lies where, how fast it grows, how long the room lasts. For whoever sees the whole platform. */
export function StoragePart() {
  const { t } = useLanguage();
  const session = useSession();
  const is_allowed = session.data?.whole_platform === true;
  const storage = useQuery({ ...queries.storage(), refetchInterval: 60_000, enabled: is_allowed });
  if (!is_allowed) return null;
  const { data } = storage;
  return (
    <Panel title={t('storage.title')} note={data ? t('storage.days_sampled', { count: data.days_sampled }) : undefined}>
      {storage.isPending && <Skeleton rows={4} height={24} />}
      {storage.isError && <ProblemView error={storage.error} on_retry={() => void storage.refetch()} />}
      {data?.problem && (
        <p className="is-fault" role="alert">
          {t('storage.problem', { reason: data.problem })}
        </p>
      )}
      {data && data.measured_at === null && <Empty title={t('storage.empty')} />}
      {data?.measured_at && (
        <>
          <Disks disks={data.file_systems} />
          <div className="storage-parts">
            <Parts parts={data.parts} />
          </div>
          <p className="faint small">
            {t('storage.measured')} <TimeText time={data.measured_at} />
          </p>
        </>
      )}
    </Panel>
  );
}
