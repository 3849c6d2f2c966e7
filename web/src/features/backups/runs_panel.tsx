import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { queries } from '../../api/queries.ts';
import type { BackupRun } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { duration_text } from '../../format/age.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { size_text } from '../exports/size_text.ts';

const page_size = 10;

function Title({ run }: { run: BackupRun }) {
  const { t } = useLanguage();
  return (
    <div className="backup-place">
      <strong>{run.set > 0 ? t('backups.set', { set: run.set }) : '—'}</strong> <span className="faint">{run.place}</span>
      <div className="faint small">{run.asked_by ? t('backups.by', { name: run.asked_by }) : t('backups.by_plan')}</div>
    </div>
  );
}

function State({ run }: { run: BackupRun }) {
  const { t } = useLanguage();
  const is_bad = run.state === 'failed';
  return (
    <div>
      <span className={is_bad ? 'is-fault' : ''}>
        {t(run.removed_at ? 'backups.state_removed' : `backups.state_${run.state}`)}
      </span>
      {run.state === 'done' && !run.has_recovery_key && <div className="faint small">{t('backups.without_key')}</div>}
      {run.reason && <div className="faint small backup-reason">{run.reason}</div>}
    </div>
  );
}

function Result({ run }: { run: BackupRun }) {
  const { t } = useLanguage();
  const { report } = run;
  if (!report) return <State run={run} />;
  return (
    <div>
      <span className={report.sound ? '' : 'is-fault'}>
        {report.sound ? t('backups.drill_done') : t('backups.drill_findings', { count: report.findings.length })}
      </span>
      <div className="faint small backup-reason">
        {report.sound
          ? t('backups.drill_facts', { records: report.journal_records, segments: report.segments_compared })
          : report.findings[0]}
      </div>
    </div>
  );
}

function useColumns(kind: 'sets' | 'drills'): Column<BackupRun>[] {
  const { t, language } = useLanguage();
  const begun: Column<BackupRun> = {
    key: 'begun',
    header: t('backups.column_begun'),
    align: 'end',
    cell: ({ begun_at }) => <TimeText time={begun_at} />,
  };
  const title: Column<BackupRun> = {
    key: 'set',
    header: t('backups.column_set'),
    is_title: true,
    cell: (run) => <Title run={run} />,
  };
  if (kind === 'drills') {
    return [
      title,
      { key: 'result', header: t('backups.column_result'), cell: (run) => <Result run={run} /> },
      {
        key: 'time',
        header: t('backups.column_time'),
        align: 'end',
        cell: ({ report }) => (report?.sound ? duration_text(report.recovery_ms, language) : '—'),
      },
      begun,
    ];
  }
  return [
    title,
    { key: 'state', header: t('backups.column_state'), cell: (run) => <State run={run} /> },
    {
      key: 'size',
      header: t('backups.column_size'),
      align: 'end',
      cell: ({ bytes_total }) => <span className="number">{size_text(bytes_total, language)}</span>,
    },
    {
      key: 'sent',
      header: t('backups.column_sent'),
      align: 'end',
      cell: ({ bytes_sent }) => <span className="number">{size_text(bytes_sent, language)}</span>,
    },
    {
      key: 'verified',
      header: t('backups.column_verified'),
      align: 'end',
      cell: ({ verified_at }) => (verified_at ? <TimeText time={verified_at} /> : '—'),
    },
    begun,
  ];
}

/** What was done, a page at a time. */
export function RunsPanel({ kind, is_busy }: { kind: 'sets' | 'drills'; is_busy: boolean }) {
  const { t } = useLanguage();
  const [page, set_page] = useState(1);
  const runs = useQuery({
    ...(kind === 'sets' ? queries.backup_sets(page) : queries.drills(page)),
    refetchInterval: is_busy ? 2_000 : 30_000,
  });
  const columns = useColumns(kind);
  const title = t(`backups.${kind}`);
  if (runs.isPending) return <Skeleton rows={4} height={26} />;
  if (runs.isError) return <ProblemView error={runs.error} on_retry={() => void runs.refetch()} />;
  return (
    <Panel title={title}>
      {runs.data.total === 0 ? (
        <Empty title={t(kind === 'sets' ? 'backups.sets_empty' : 'backups.drills_empty')} />
      ) : (
        <DataTable caption={title} columns={columns} rows={runs.data.runs} row_key={({ id }) => id} />
      )}
      <Pager page={page} pages={Math.ceil(runs.data.total / page_size)} on_change={set_page} />
    </Panel>
  );
}
