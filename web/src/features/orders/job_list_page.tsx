import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { JobState } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import { JobTable } from './job_table.tsx';
import './orders.css';

const states: readonly JobState[] = ['awaiting_confirmation', 'running', 'finished', 'cancelled', 'lapsed'];
const page_size = 50;

export default function JobListPage() {
  const { t } = useLanguage();
  const session = useSession();
  const [parameters, setParameters] = useSearchParams();
  const page = Math.max(1, Number(parameters.get('page')) || 1);
  const state = states.find((one) => one === parameters.get('state'));
  const jobs = useQuery({ ...queries.jobs({ page, page_size, ...(state ? { state } : {}) }), refetchInterval: 3_000 });
  const change = (wanted: { page?: number; state?: JobState | undefined }) =>
    setParameters((before) => {
      const next = new URLSearchParams(before);
      next.delete('page');
      if ('state' in wanted) {
        if (wanted.state) next.set('state', wanted.state);
        else next.delete('state');
      }
      if (wanted.page && wanted.page > 1) next.set('page', String(wanted.page));
      return next;
    });
  return (
    <>
      <PageHeader title={t('jobs.title')} note={jobs.data && t('common.total', { count: jobs.data.total })}>
        {session.data?.role !== 'viewer' && (
          <>
            <Link className="button" to="/jobs/log">
              {t('operations.title')}
            </Link>
            <Link className="button" to="/jobs/sampling">
              {t('sampling.changes')}
            </Link>
            <Link className="button button-main" to="/jobs/new">
              {t('jobs.new')}
            </Link>
          </>
        )}
      </PageHeader>
      <div className="filters">
        <Choice
          class_name="filter"
          label={t('jobs.column_state')}
          value={state}
          none={t('jobs.all_states')}
          options={states.map((one) => ({ value: one, label: t(`job_state.${one}`) }))}
          on_change={(chosen) => change({ state: chosen })}
        />
      </div>
      {jobs.isError && <ProblemView error={jobs.error} on_retry={() => void jobs.refetch()} />}
      {jobs.isPending && <Skeleton rows={8} height={30} />}
      {jobs.data && jobs.data.jobs.length === 0 && <Empty title={t('jobs.empty')} hint={t('jobs.empty_hint')} />}
      {jobs.data && jobs.data.jobs.length > 0 && (
        <>
          <JobTable jobs={jobs.data.jobs} is_stale={jobs.isPlaceholderData} />
          <Pager page={page} pages={Math.ceil(jobs.data.total / page_size)} on_change={(wanted) => change({ page: wanted })} />
        </>
      )}
    </>
  );
}
