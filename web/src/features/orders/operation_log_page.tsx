import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { file_urls } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { Operation, OperationFilter } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import { OperationAuditPart } from './operation_audit_part.tsx';
import { operation_actions, operation_outcomes } from './operation_words.ts';
import './orders.css';

const page_size = 50;
const day_ms = 86_400_000;
const date_form = /^\d{4}-\d{2}-\d{2}$/;

/** What the address asks for; a whole day ends with it. */
function filter_of(parameters: URLSearchParams): OperationFilter {
  const date = (name: string) => {
    const text = parameters.get(name) ?? '';
    const at_ms = date_form.test(text) ? new Date(`${text}T00:00:00`).getTime() : Number.NaN;
    return Number.isNaN(at_ms) ? undefined : at_ms;
  };
  const from_ms = date('from');
  const to_ms = date('to');
  const user = parameters.get('user')?.trim();
  const action = operation_actions.find((one) => one === parameters.get('action'));
  const outcome = operation_outcomes.find((one) => one === parameters.get('outcome'));
  const device_id = Number(parameters.get('device_id'));
  return {
    ...(from_ms === undefined ? {} : { from: new Date(from_ms).toISOString() }),
    ...(to_ms === undefined ? {} : { to: new Date(to_ms + day_ms).toISOString() }),
    ...(user ? { user } : {}),
    ...(action ? { action } : {}),
    ...(outcome ? { outcome } : {}),
    ...(device_id > 0 ? { device_id } : {}),
  };
}

function UserFilter({ value, on_change }: { value: string; on_change: (user: string) => void }) {
  const { t } = useLanguage();
  const [text, setText] = useState(value);
  return (
    <form
      className="filter-search"
      onSubmit={(event) => {
        event.preventDefault();
        on_change(text.trim());
      }}
    >
      <input
        type="search"
        maxLength={64}
        placeholder={t('operations.user')}
        aria-label={t('operations.user')}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onBlur={() => text.trim() !== value && on_change(text.trim())}
      />
    </form>
  );
}

function OperationTable({ operations, is_stale }: { operations: readonly Operation[]; is_stale: boolean }) {
  const { t } = useLanguage();
  const outcome_text = (outcome: string) => {
    const known = operation_outcomes.find((one) => one === outcome);
    return known ? t(`operation_outcome.${known}`) : outcome;
  };
  const columns: Column<Operation>[] = [
    { key: 'when', header: t('operations.when'), cell: ({ at }) => <TimeText time={at} /> },
    {
      key: 'who',
      header: t('operations.who'),
      cell: ({ user }) => user || <span className="faint">{t('operations.by_itself')}</span>,
    },
    {
      key: 'what',
      header: t('operations.what'),
      is_title: true,
      cell: ({ action, job_id }) => {
        const known = operation_actions.find((one) => one === action);
        const text = known ? t(`operation_action.${known}`) : action;
        return job_id === null ? text : <Link to={`/jobs/${job_id}`}>{text}</Link>;
      },
    },
    {
      key: 'device',
      header: t('operations.device'),
      cell: ({ device }) =>
        device ? <Link to={`/devices/${device.id}/control`}>{device.name}</Link> : <span className="faint">–</span>,
    },
    { key: 'outcome', header: t('operations.outcome'), is_corner: true, cell: ({ outcome }) => outcome_text(outcome) },
    { key: 'detail', header: t('operations.detail'), is_minor: true, cell: ({ detail }) => detail },
    { key: 'from', header: t('operations.remote'), is_minor: true, cell: ({ remote_address }) => remote_address },
  ];
  return (
    <DataTable caption={t('operations.title')} columns={columns} rows={operations} row_key={({ id }) => id} is_stale={is_stale} />
  );
}

/** Who ordered what of devices, when, with what result. */
export default function OperationLogPage() {
  const { t } = useLanguage();
  const session = useSession();
  const [parameters, setParameters] = useSearchParams();
  const page = Math.max(1, Number(parameters.get('page')) || 1);
  const filter = filter_of(parameters);
  const log = useQuery(queries.operations({ ...filter, page, page_size }));
  const change = (name: string, value: string | undefined) =>
    setParameters((before) => {
      const next = new URLSearchParams(before);
      next.delete('page');
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  const date_input = (name: 'from' | 'to') => (
    <input
      type="date"
      className="filter"
      aria-label={t(`operations.${name}`)}
      title={t(`operations.${name}`)}
      value={parameters.get(name) ?? ''}
      onChange={({ target }) => change(name, target.value)}
    />
  );
  return (
    <>
      <PageHeader title={t('operations.title')} note={log.data && t('common.total', { count: log.data.total })}>
        <a className="button" href={file_urls.operations(filter)} download>
          {t('operations.export')}
        </a>
      </PageHeader>
      <div className="filters">
        <UserFilter
          key={parameters.get('user')}
          value={parameters.get('user') ?? ''}
          on_change={(user) => change('user', user)}
        />
        <Choice
          class_name="filter"
          label={t('operations.what')}
          value={filter.action}
          none={t('operations.all_actions')}
          options={operation_actions.map((one) => ({ value: one as string, label: t(`operation_action.${one}`) }))}
          on_change={(chosen) => change('action', chosen)}
        />
        <Choice
          class_name="filter"
          label={t('operations.outcome')}
          value={filter.outcome}
          none={t('operations.all_outcomes')}
          options={operation_outcomes.map((one) => ({ value: one as string, label: t(`operation_outcome.${one}`) }))}
          on_change={(chosen) => change('outcome', chosen)}
        />
        {date_input('from')}
        {date_input('to')}
      </div>
      {session.data?.whole_platform && (
        <OperationAuditPart
          {...(filter.from ? { from: filter.from } : {})}
          {...(filter.to ? { to: filter.to } : {})}
          may_export={session.data.role !== 'viewer'}
        />
      )}
      {log.isError && <ProblemView error={log.error} on_retry={() => void log.refetch()} />}
      {log.isPending && <Skeleton rows={8} height={30} />}
      {log.data && log.data.operations.length === 0 && <Empty title={t('operations.empty')} hint={t('operations.empty_hint')} />}
      {log.data && log.data.operations.length > 0 && (
        <>
          <OperationTable operations={log.data.operations} is_stale={log.isPlaceholderData} />
          <Pager
            page={page}
            pages={Math.ceil(log.data.total / page_size)}
            on_change={(wanted) => change('page', wanted > 1 ? String(wanted) : undefined)}
          />
        </>
      )}
    </>
  );
}
