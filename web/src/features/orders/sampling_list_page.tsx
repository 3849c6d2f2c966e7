import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { SamplingChange } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { SelectField } from '../../components/field.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import './orders.css';
import { SamplingForm } from './sampling_form.tsx';
import { seconds_text } from './sampling_panel.tsx';
import { title_in } from './titles.ts';

const page_size = 50;

function NewChange({ on_close }: { on_close: () => void }) {
  const { t, language } = useLanguage();
  const navigate = useNavigate();
  const models = useQuery(queries.models());
  const gateways = useQuery(queries.gateways());
  const used = models.data?.models.filter(({ devices }) => devices > 0) ?? [];
  const [id, setId] = useState<string | undefined>(undefined);
  const [gateway_id, setGateway] = useState<number | undefined>(undefined);
  const chosen = id ?? used[0]?.id;
  const model = useQuery({ ...queries.model(chosen ?? ''), enabled: chosen !== undefined });
  return (
    <Dialog title={t('sampling.new')} on_close={on_close}>
      {models.isError && <ProblemView error={models.error} on_retry={() => void models.refetch()} />}
      {models.isPending && <Skeleton rows={4} height={26} />}
      {models.data && used.length === 0 && <Empty title={t('sampling.no_model')} />}
      {used.length > 0 && (
        <div className="form">
          <SelectField
            label={t('device.model')}
            value={chosen}
            options={used.map((one) => ({
              value: one.id,
              label: `${title_in(language, { name: one.id, ...one })} (${one.devices})`,
            }))}
            on_change={setId}
          />
          <SelectField
            label={t('device.gateway')}
            value={gateway_id}
            none={t('sampling.any_gateway')}
            options={(gateways.data?.gateways ?? []).map((one) => ({ value: one.id, label: one.name }))}
            on_change={setGateway}
          />
        </div>
      )}
      {model.data && chosen && (
        <SamplingForm
          key={chosen}
          model={model.data}
          target={{ filter: { model: chosen, ...(gateway_id ? { gateway_id } : {}) } }}
          on_done={({ change }) => navigate(`/jobs/sampling/${change.id}`)}
        />
      )}
    </Dialog>
  );
}

export default function SamplingListPage() {
  const { t } = useLanguage();
  const session = useSession();
  const [parameters, setParameters] = useSearchParams();
  const [is_new, setNew] = useState(false);
  const page = Math.max(1, Number(parameters.get('page')) || 1);
  const changes = useQuery({ ...queries.sampling_changes(page), refetchInterval: 10_000 });
  const columns: Column<SamplingChange>[] = [
    {
      key: 'what',
      header: t('sampling.column_what'),
      is_title: true,
      cell: ({ id, group, register }) => (
        <Link to={`/jobs/sampling/${id}`}>{register ? `${group} · ${register}` : group.replaceAll('_', ' ')}</Link>
      ),
    },
    {
      key: 'period',
      header: t('sampling.column_period'),
      align: 'end',
      cell: ({ interval_ms }) =>
        interval_ms === 0 ? t('sampling.by_model') : <span className="number">{seconds_text(interval_ms)}</span>,
    },
    {
      key: 'devices',
      header: t('sampling.column_devices'),
      align: 'end',
      cell: ({ devices }) => <span className="number">{devices}</span>,
    },
    { key: 'who', header: t('sampling.column_who'), cell: ({ created_by }) => created_by },
    { key: 'when', header: t('sampling.column_when'), cell: ({ created_at }) => <TimeText time={created_at} /> },
    { key: 'reason', header: t('sampling.reason'), is_minor: true, cell: ({ reason }) => reason },
  ];
  return (
    <>
      <Link className="back-link" to="/jobs">
        <Icon name="left" size={13} /> {t('jobs.title')}
      </Link>
      <PageHeader title={t('sampling.changes')} note={t('sampling.changes_note')}>
        {session.data && session.data.role !== 'viewer' && (
          <button type="button" className="button button-main" onClick={() => setNew(true)}>
            {t('sampling.new')}
          </button>
        )}
      </PageHeader>
      {changes.isError && <ProblemView error={changes.error} on_retry={() => void changes.refetch()} />}
      {changes.isPending && <Skeleton rows={6} height={30} />}
      {changes.data && changes.data.changes.length === 0 && <Empty title={t('sampling.empty')} />}
      {changes.data && changes.data.changes.length > 0 && (
        <>
          <DataTable caption={t('sampling.changes')} columns={columns} rows={changes.data.changes} row_key={({ id }) => id} />
          <Pager
            page={page}
            pages={Math.ceil(changes.data.total / page_size)}
            on_change={(wanted) => setParameters({ page: String(wanted) })}
          />
        </>
      )}
      {is_new && <NewChange on_close={() => setNew(false)} />}
    </>
  );
}
