import { Link } from 'react-router';
import type { Job } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { JobBadge } from './order_badge.tsx';
import { title_in } from './titles.ts';

/** How many devices of a job have come to an end. */
export function ended_devices({ counts }: Job): number {
  return counts.done + counts.refused + counts.unknown + counts.failed + counts.expired + counts.cancelled;
}

/** What did not go as wanted, in few words. */
export function BadCounts({ job }: { job: Job }) {
  const { t } = useLanguage();
  const { failed, refused, unknown, expired } = job.counts;
  const bad = failed + refused + unknown + expired;
  return bad > 0 ? <span className="stale">{t('jobs.bad', { count: bad })}</span> : <span className="faint">–</span>;
}

export function JobTable({ jobs, is_stale }: { jobs: readonly Job[]; is_stale: boolean }) {
  const { t, language } = useLanguage();
  const columns: Column<Job>[] = [
    { key: 'state', header: t('jobs.column_state'), is_corner: true, cell: ({ state }) => <JobBadge state={state} /> },
    {
      key: 'what',
      header: t('jobs.column_what'),
      is_title: true,
      cell: (job) => (
        <Link className="row-link" to={`/jobs/${job.id}`}>
          {job.kind === 'read' ? t('jobs.kind_read') : title_in(language, job)}
        </Link>
      ),
    },
    {
      key: 'devices',
      header: t('jobs.column_devices'),
      cell: (job) => (job.device ? job.device.name : t('devices.count', { count: job.devices })),
    },
    {
      key: 'progress',
      header: t('jobs.column_ended'),
      align: 'end',
      cell: (job) => (
        <span className="number">
          {ended_devices(job)} / {job.devices}
        </span>
      ),
    },
    { key: 'bad', header: t('jobs.column_bad'), align: 'end', cell: (job) => <BadCounts job={job} /> },
    { key: 'who', header: t('jobs.column_who'), is_minor: true, cell: ({ created_by }) => created_by },
    { key: 'when', header: t('jobs.column_when'), align: 'end', cell: ({ created_at }) => <TimeText time={created_at} /> },
  ];
  return (
    <DataTable caption={t('jobs.table_caption')} columns={columns} rows={jobs} row_key={({ id }) => id} is_stale={is_stale} />
  );
}
