import { Link } from 'react-router';
import type { Job } from '../../api/types.ts';
import { Progress } from '../../components/progress.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { ended_devices } from './job_table.tsx';
import { OrderBadge, order_states } from './order_badge.tsx';

/** A command to one device that became a job for several, as its whole line moves with it: how far all of them are. */
export function JobFollow({ job }: { job: Job }) {
  const { t } = useLanguage();
  return (
    <div className="job-follow" aria-live="polite">
      <p>
        {t('devices.count', { count: job.devices })} · {t('jobs.ended_of', { ended: ended_devices(job), total: job.devices })}
      </p>
      <Progress label={t('jobs.progress')} done={ended_devices(job)} total={job.devices} />
      <ul className="job-counts">
        {order_states
          .filter((state) => job.counts[state] > 0)
          .map((state) => (
            <li key={state}>
              <OrderBadge state={state} /> <span className="number">{job.counts[state]}</span>
            </li>
          ))}
      </ul>
      <p>
        <Link to={`/jobs/${job.id}`}>{t('jobs.open')}</Link>
      </p>
    </div>
  );
}
