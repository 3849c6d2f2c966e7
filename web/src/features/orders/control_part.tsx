import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import type { DeviceDetail } from '../../api/types.ts';
import { Empty, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import { CommandPanel } from './command_panel.tsx';
import { HistoryPanel } from './history_panel.tsx';
import { JobTable } from './job_table.tsx';
import './orders.css';
import { RegisterBrowser } from './register_browser.tsx';
import { SamplingPanel } from './sampling_panel.tsx';

function RecentJobs({ device_id }: { device_id: number }) {
  const { t } = useLanguage();
  const jobs = useQuery({ ...queries.jobs({ device_id, page: 1, page_size: 10 }), refetchInterval: 10_000 });
  return jobs.data && jobs.data.jobs.length > 0 ? (
    <section aria-label={t('orders.recent')}>
      <h2 className="section-title">{t('orders.recent')}</h2>
      <JobTable jobs={jobs.data.jobs} is_stale={false} />
    </section>
  ) : null;
}

/** What one may do with a device, as its model says. */
export default function ControlPart({ device }: { device: DeviceDetail }) {
  const { t } = useLanguage();
  const session = useSession();
  const connection = useQuery(queries.connection(device.id));
  const model = useQuery({ ...queries.model(connection.data?.model ?? ''), enabled: connection.data !== undefined });
  if (connection.isError) return <ProblemView error={connection.error} on_retry={() => void connection.refetch()} />;
  if (model.isError)
    return (
      <ProblemView
        error={model.error}
        text={t('orders.no_model', { model: device.model })}
        on_retry={() => void model.refetch()}
      />
    );
  if (connection.isPending || model.isPending) return <Skeleton rows={8} height={26} />;
  if (session.data?.role === 'viewer') return <Empty title={t('orders.not_allowed')} hint={t('orders.not_allowed_hint')} />;
  if (connection.data.retired) return <Empty title={t('orders.retired')} />;
  const shared = { connection: connection.data, model: model.data, time_zone: device.time_zone };
  return (
    <>
      <CommandPanel {...shared} device_name={device.name} />
      <SamplingPanel device_id={device.id} model={model.data} />
      <RegisterBrowser {...shared} />
      {model.data.history_list.length > 0 && <HistoryPanel {...shared} />}
      <RecentJobs device_id={device.id} />
    </>
  );
}
