import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { ApiError } from '../../api/client.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Icon } from '../../components/icons.tsx';
import { Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { useSession } from '../session/session.tsx';
import NotFoundPage from '../shell/not_found_page.tsx';
import { LastSum } from './last_sum.tsx';
import './processing.css';
import { processing_api, processing_queries, type Sum, type SumDetails } from './processing_api.ts';
import { ReasonDialog } from './reason_dialog.tsx';
import { StateMark } from './state_mark.tsx';
import { SumForm } from './sum_form.tsx';

const members_max = 20_000;

function Parts({ evidence }: { evidence: SumDetails['evidence'] }) {
  const { t } = useLanguage();
  if (!evidence) return null;
  return (
    <Panel
      title={t('sums.parts')}
      note={t('sums.parts_note', { count: evidence.total, missing: evidence.missing })}
      actions={
        <Link className="button button-small" to={`/frames/${evidence.frame}`}>
          {t('sums.frame')}
        </Link>
      }
    >
      <p className="mono evidence-head">{evidence.head}</p>
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <pre className="evidence" tabIndex={0}>
        {evidence.lines.join('\n')}
      </pre>
      {evidence.total > evidence.lines.length && (
        <p className="faint">{t('sums.more_parts', { count: evidence.total - evidence.lines.length })}</p>
      )}
    </Panel>
  );
}

function Versions({
  versions,
  may_change,
  on_restore,
}: {
  versions: readonly Sum[];
  may_change: boolean;
  on_restore: (sum: Sum) => void;
}) {
  const { t } = useLanguage();
  const columns: Column<Sum>[] = [
    { key: 'from', header: t('processing.since'), is_title: true, cell: ({ from }) => <Age time={from} /> },
    {
      key: 'members',
      header: t('sums.members'),
      cell: ({ members, channel, removed }) =>
        removed ? (
          <span className="faint">{t('processing.taken_away')}</span>
        ) : (
          <>
            <span className="number">{members}</span>
            {channel && ` + ${t('sums.all_on', { channel })}`}
          </>
        ),
    },
    { key: 'interval', header: t('sums.interval'), cell: ({ interval_s }) => <span className="number">{interval_s} s</span> },
    { key: 'who', header: t('processing.who'), cell: (sum) => `${sum.changed_by} · ${sum.reason}` },
    {
      key: 'actions',
      header: t('gateway.column_actions'),
      align: 'end',
      cell: (sum) =>
        may_change &&
        sum.to !== null &&
        !sum.removed && (
          <button type="button" className="button button-small" onClick={() => on_restore(sum)}>
            {t('processing.restore')}
          </button>
        ),
    },
  ];
  return (
    <Panel title={t('processing.history')} note={t('sums.history_note')}>
      <DataTable caption={t('processing.history')} columns={columns} rows={versions} row_key={({ id }) => id} />
    </Panel>
  );
}

/** The form needs all members of the version it begins with. */
function ChangeDialog({
  version,
  on_close,
  on_done,
}: {
  version: Sum;
  on_close: () => void;
  on_done: (made: SumDetails) => void;
}) {
  const { t } = useLanguage();
  const all = useQuery(processing_queries.sum(version.id, 1, members_max));
  return (
    <Dialog title={t('sums.change')} on_close={on_close}>
      {all.isError && <ProblemView error={all.error} />}
      {all.isPending && <Skeleton rows={4} height={26} />}
      {all.data && <SumForm gateway_id={version.gateway_id} sum={version} first_members={all.data.members} on_done={on_done} />}
    </Dialog>
  );
}

function Content({ details, page, on_page }: { details: SumDetails; page: number; on_page: (page: number) => void }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const client = useQueryClient();
  const session = useSession();
  const { sum, versions } = details;
  const [changing, setChanging] = useState<Sum | undefined>(undefined);
  const [is_removing, setRemoving] = useState(false);
  const may_change = session.data !== null && session.data?.role !== 'viewer';
  const present = versions.find(({ to }) => to === null);
  const remove = useMutation({
    mutationFn: (reason: string) => processing_api.remove_sum(sum.gateway_id, sum.uid, reason),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['sums', sum.gateway_id] });
      navigate(`/gateways/${sum.gateway_id}/sums`);
    },
  });
  return (
    <>
      {sum.to !== null && present && (
        <p className="notice">
          {t('sums.old_version')} <Link to={`/gateways/${sum.gateway_id}/sums/${present.id}`}>{t('sums.present_version')}</Link>
        </p>
      )}
      {may_change && present && !present.removed && (
        <div className="form-actions">
          <button type="button" className="button" onClick={() => setChanging(present)}>
            {t('sums.change')}
          </button>
          <button type="button" className="button" onClick={() => setRemoving(true)}>
            {t('processing.remove')}
          </button>
        </div>
      )}
      <dl className="facts identity">
        <Fact label={t('processing.state')}>
          <StateMark state={sum.state} problem={sum.problem} />
        </Fact>
        <Fact label={t('sums.register')}>{register_label(sum.register, t)}</Fact>
        <Fact label={t('sums.interval')}>
          <span className="number">{sum.interval_s} s</span>
        </Fact>
        <Fact label={t('sums.wait')}>
          <span className="number">{sum.wait_s} s</span>
        </Fact>
        <Fact label={t('sums.tolerance')}>
          <span className="number">{sum.tolerance_s} s</span>
        </Fact>
        <Fact label={t('sums.last')}>
          <LastSum sum={sum} />
        </Fact>
      </dl>
      <Parts evidence={details.evidence} />
      <Panel title={t('sums.members')} note={sum.channel ? t('sums.all_on', { channel: sum.channel }) : undefined}>
        <ul className="member-list">
          {details.members.map(({ id, name, uid }) => (
            <li key={id}>
              <Link to={`/devices/${id}`}>{name}</Link> <span className="mono faint">{uid}</span>
            </li>
          ))}
        </ul>
        <Pager page={page} pages={Math.ceil(sum.members / details.page_size)} on_change={on_page} />
      </Panel>
      <Versions versions={versions} may_change={may_change} on_restore={setChanging} />
      {changing && (
        <ChangeDialog
          version={changing}
          on_close={() => setChanging(undefined)}
          on_done={(made) => navigate(`/gateways/${sum.gateway_id}/sums/${made.sum.id}`)}
        />
      )}
      {is_removing && (
        <ReasonDialog
          title={t('processing.remove')}
          text={t('sums.remove_text', { uid: sum.uid })}
          action={t('processing.remove')}
          error={remove.error}
          is_pending={remove.isPending}
          on_close={() => setRemoving(false)}
          on_done={(reason) => remove.mutate(reason)}
        />
      )}
    </>
  );
}

function SumView({ gateway_id, sum_id }: { gateway_id: number; sum_id: number }) {
  const { t } = useLanguage();
  const [page, setPage] = useState(1);
  const details = useQuery({ ...processing_queries.sum(sum_id, page), refetchInterval: 3_000 });
  if (details.error instanceof ApiError && details.error.status === 404) return <NotFoundPage />;
  return (
    <>
      <Link className="back-link" to={`/gateways/${gateway_id}/sums`}>
        <Icon name="left" size={13} /> {t('sums.title')}
      </Link>
      <PageHeader title={details.data?.sum.uid ?? ''} />
      {details.isError && <ProblemView error={details.error} on_retry={() => void details.refetch()} />}
      {details.isPending && <Skeleton rows={8} height={26} />}
      {details.data && <Content details={details.data} page={page} on_page={setPage} />}
    </>
  );
}

export default function SumPage() {
  const { gateway_id = '', sum_id = '' } = useParams();
  if (!/^\d{1,15}$/.test(gateway_id) || !/^\d{1,15}$/.test(sum_id)) return <NotFoundPage />;
  return <SumView key={sum_id} gateway_id={Number(gateway_id)} sum_id={Number(sum_id)} />;
}
