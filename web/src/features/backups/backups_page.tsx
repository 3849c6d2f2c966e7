import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { BackupOverview, BackupRun } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Progress } from '../../components/progress.tsx';
import { Age, TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { size_text } from '../exports/size_text.ts';
import { RecoveryKeyPanel } from './recovery_key_panel.tsx';
import { RunsPanel } from './runs_panel.tsx';
import { SchedulePanel } from './schedule_panel.tsx';
import './backups.css';

type Place = BackupOverview['places'][number];

function useAct(act: () => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => client.invalidateQueries({ queryKey: queries.backups().queryKey }),
  });
}

function UnderWay({ activity }: { activity: NonNullable<BackupOverview['activity']> }) {
  const { t, language } = useLanguage();
  const is_drill = activity.kind === 'drill';
  const label = t(`backups.activity_${activity.kind}`);
  return (
    <div className="backup-under-way">
      <strong>{label}</strong>
      <span className="backup-place">{activity.place}</span>
      <span className="faint">{t(`backups.stage_${activity.stage}`)}</span>
      {is_drill ? (
        <Progress label={label} done={activity.bytes_done} total={activity.bytes_all} />
      ) : (
        <>
          <Progress label={label} done={activity.files_done} total={activity.files} />
          <span className="faint number">{t('backups.files_of', { done: activity.files_done, all: activity.files })}</span>
          <span className="faint number">{t('backups.sent', { size: size_text(activity.bytes_done, language) })}</span>
        </>
      )}
    </div>
  );
}

function Actions({ about }: { about: BackupOverview }) {
  const { t } = useLanguage();
  const start = useAct(api.start_backup);
  const drill = useAct(api.start_drill);
  const cancel = useAct(api.cancel_backup);
  const failure = start.error ?? drill.error ?? cancel.error;
  const none = about.places.length === 0;
  const was_asked = (start.isSuccess || drill.isSuccess) && !about.activity;
  return (
    <>
      {about.activity && <UnderWay activity={about.activity} />}
      <div className="backup-actions">
        <button type="button" className="button button-main" disabled={none || start.isPending} onClick={() => start.mutate()}>
          {t('backups.start')}
        </button>
        <button type="button" className="button" disabled={none || drill.isPending} onClick={() => drill.mutate()}>
          {t('backups.start_drill')}
        </button>
        {about.activity && (
          <button type="button" className="button" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('backups.cancel')}
          </button>
        )}
        <span aria-live="polite" className="faint">
          {was_asked ? t('backups.asked') : ''}
        </span>
      </div>
      {failure && <ProblemView error={failure} />}
    </>
  );
}

function Last({ run, is_late = false }: { run: BackupRun | null; is_late?: boolean }) {
  const { t } = useLanguage();
  if (!run) return <span className="is-fault">{t('backups.never')}</span>;
  return (
    <span>
      {t('backups.set', { set: run.set })} · <Age time={run.begun_at} />
      {is_late && <span className="is-fault"> {t('backups.late')}</span>}
    </span>
  );
}

function Places({ about }: { about: BackupOverview }) {
  const { t } = useLanguage();
  const columns: Column<Place>[] = [
    {
      key: 'place',
      header: t('backups.column_place'),
      is_title: true,
      cell: ({ name }) => <span className="backup-place">{name}</span>,
    },
    {
      key: 'backup',
      header: t('backups.last_backup'),
      cell: ({ last_backup, is_late }) => <Last run={last_backup} is_late={is_late} />,
    },
    { key: 'drill', header: t('backups.last_drill'), cell: ({ last_drill }) => <Last run={last_drill} /> },
  ];
  return (
    <Panel title={t('backups.places')}>
      {about.places.length === 0 ? (
        <Empty title={t('backups.no_place')} hint={t('backups.no_place_hint')} />
      ) : (
        <>
          <DataTable caption={t('backups.places')} columns={columns} rows={about.places} row_key={({ name }) => name} />
          <dl className="facts">
            <Fact label={t('backups.next')}>{about.next_at ? <TimeText time={about.next_at} /> : t('backups.not_planned')}</Fact>
          </dl>
        </>
      )}
      <Actions about={about} />
      <p className="faint small">{t('backups.derived')}</p>
    </Panel>
  );
}

/** Backups, trial restores and their plan, for administrators. */
export default function BackupsPage() {
  const { t } = useLanguage();
  const about = useQuery({
    ...queries.backups(),
    refetchInterval: ({ state }) => (state.data?.activity ? 1_000 : 5_000),
  });
  const is_busy = Boolean(about.data?.activity);
  return (
    <>
      <PageHeader title={t('backups.title')} note={t('backups.note')} />
      {about.isPending && <Skeleton rows={6} height={28} />}
      {about.isError && <ProblemView error={about.error} on_retry={() => void about.refetch()} />}
      {about.data && (
        <>
          <Places about={about.data} />
          <RunsPanel kind="sets" is_busy={is_busy} />
          <RunsPanel kind="drills" is_busy={is_busy} />
          <RecoveryKeyPanel state={about.data.recovery_key} />
          <SchedulePanel key={JSON.stringify(about.data.schedule)} schedule={about.data.schedule} />
        </>
      )}
    </>
  );
}
