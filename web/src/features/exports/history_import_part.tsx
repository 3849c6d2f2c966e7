import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type DragEvent, useRef, useState } from 'react';
import { api, file_urls } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { HistoryImport } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Progress } from '../../components/progress.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import '../onboarding/onboarding.css';
import { useSession } from '../session/session.tsx';

const bytes_max = 16 * 1024 * 1024;
const is_busy = (state: HistoryImport['state']) => state === 'checking' || state === 'committing';

function Upload({ on_begun }: { on_begun: (begun: HistoryImport) => void }) {
  const { t } = useLanguage();
  const input = useRef<HTMLInputElement>(null);
  const [is_over, setOver] = useState(false);
  const [is_too_large, setTooLarge] = useState(false);
  const begin = useMutation({ mutationFn: (file: File) => api.start_history_import(file, file.name), onSuccess: on_begun });
  const take = (file: File | undefined) => {
    if (!file) return;
    setTooLarge(file.size > bytes_max);
    if (file.size <= bytes_max) begin.mutate(file);
  };
  return (
    <Panel
      title={t('exports.import')}
      actions={
        <a className="button button-small" href={file_urls.history_template} download>
          {t('history.template')}
        </a>
      }
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a convenience, the button does the same */}
      <div
        className={is_over ? 'drop-place is-over' : 'drop-place'}
        onDragOver={(event: DragEvent) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event: DragEvent) => {
          event.preventDefault();
          setOver(false);
          take(event.dataTransfer.files[0]);
        }}
      >
        <p>{t('history.hint')}</p>
        <input
          ref={input}
          className="visually-hidden"
          type="file"
          accept=".csv,text/csv"
          tabIndex={-1}
          aria-label={t('history.choose')}
          onChange={({ target }) => take(target.files?.[0])}
        />
        <button type="button" className="button button-main" disabled={begin.isPending} onClick={() => input.current?.click()}>
          {begin.isPending ? t('history.sending') : t('history.choose')}
        </button>
        {is_too_large && (
          <p className="is-fault" role="alert">
            {t('history.too_large')}
          </p>
        )}
      </div>
      {begin.isError && <ProblemView error={begin.error} />}
    </Panel>
  );
}

function Summary({ work }: { work: HistoryImport }) {
  const { t } = useLanguage();
  const lines = [
    work.bad_lines > 0 && t('history.bad', { count: work.bad_lines }),
    work.conflict_lines > 0 && t('history.conflict', { count: work.conflict_lines }),
    work.known_lines > 0 && t('history.known', { count: work.known_lines }),
    work.doubled_lines > 0 && t('history.doubled', { count: work.doubled_lines }),
  ].filter((line) => line !== false);
  return (
    <>
      <p aria-live="polite">
        {work.state === 'done'
          ? t('history.imported', { count: work.lines_imported })
          : t('history.good', { good: work.good_lines, lines: work.lines })}
        {work.reason && <span className="is-fault"> {work.reason}</span>}
      </p>
      {lines.length > 0 && (
        <ul className="history-summary">
          {lines.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </>
  );
}

function Findings({ work }: { work: HistoryImport }) {
  const { t } = useLanguage();
  type Row = HistoryImport['findings'][number];
  const columns: Column<Row>[] = [
    { key: 'line', header: t('history.column_line'), is_title: true, cell: ({ line }) => <span className="number">{line}</span> },
    {
      key: 'kind',
      header: t('history.column_kind'),
      cell: ({ kind, is_fault }) => <span className={is_fault ? 'is-fault' : ''}>{t(`history.kind_${kind}`)}</span>,
    },
    { key: 'column', header: t('history.column_column'), cell: ({ column }) => <span className="mono">{column}</span> },
    { key: 'message', header: t('history.column_message'), cell: ({ message }) => message },
  ];
  return (
    <>
      <p className="import-errors-head">
        <a href={file_urls.history_report(work.id)} download>
          {t('history.save_report')}
        </a>
      </p>
      <DataTable
        caption={t('history.findings')}
        columns={columns}
        rows={work.findings}
        row_key={(row) => `${row.line} ${row.kind} ${row.column}`}
      />
    </>
  );
}

/** One file on its way: checked, then imported. */
function Work({ id, on_done }: { id: number; on_done: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const work = useQuery({
    ...queries.history_import(id),
    refetchInterval: ({ state }) => (state.data && !is_busy(state.data.state) ? false : 700),
  });
  const taken = (changed: HistoryImport) => {
    client.setQueryData(queries.history_import(id).queryKey, changed);
    void client.invalidateQueries({ queryKey: ['history_imports'] });
  };
  const commit = useMutation({
    mutationFn: (mode: 'all_or_nothing' | 'good_lines') => api.commit_history_import(id, mode),
    onSuccess: taken,
  });
  const cancel = useMutation({ mutationFn: () => api.cancel_history_import(id), onSuccess: taken });
  if (work.isPending) return <Skeleton rows={4} height={24} />;
  if (work.isError) return <ProblemView error={work.error} on_retry={() => void work.refetch()} />;
  const { data } = work;
  const failure = commit.error ?? cancel.error;
  return (
    <Panel title={data.name || t('exports.import')} note={t(`history.state_${data.state}`)}>
      {data.state === 'checking' && <Progress label={t('history.state_checking')} done={data.lines_checked} total={data.lines} />}
      {data.state === 'committing' && (
        <Progress label={t('history.state_committing')} done={data.lines_imported} total={data.good_lines} />
      )}
      <Summary work={data} />
      <div className="form-actions">
        {data.state === 'checked' && data.good_lines > 0 && (
          <button
            type="button"
            className="button button-main"
            disabled={commit.isPending}
            onClick={() => commit.mutate(data.bad_lines > 0 ? 'good_lines' : 'all_or_nothing')}
          >
            {t(data.bad_lines > 0 ? 'history.commit_good' : 'history.commit_all', { count: data.good_lines })}
          </button>
        )}
        {(is_busy(data.state) || data.state === 'checked') && (
          <button type="button" className="button" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('common.cancel')}
          </button>
        )}
        {!is_busy(data.state) && data.state !== 'checked' && (
          <button type="button" className="button" onClick={on_done}>
            {t('history.another')}
          </button>
        )}
        {data.state === 'checked' && <span className="faint">{t('history.permanent')}</span>}
      </div>
      {failure && <ProblemView error={failure} />}
      {data.findings.length > 0 && <Findings work={data} />}
    </Panel>
  );
}

function Earlier({ on_open }: { on_open: (id: number) => void }) {
  const { t } = useLanguage();
  const imports = useQuery(queries.history_imports());
  if (imports.isError) return <ProblemView error={imports.error} on_retry={() => void imports.refetch()} />;
  const rows = imports.data?.imports ?? [];
  if (rows.length === 0) return null;
  const columns: Column<HistoryImport>[] = [
    {
      key: 'name',
      header: t('history.column_file'),
      is_title: true,
      cell: ({ id, name }) => (
        <button type="button" className="link-button" onClick={() => on_open(id)}>
          {name || `#${id}`}
        </button>
      ),
    },
    { key: 'state', header: t('exports.column_state'), is_corner: true, cell: ({ state }) => t(`history.state_${state}`) },
    {
      key: 'imported',
      header: t('history.column_imported'),
      align: 'end',
      cell: ({ lines_imported }) => <span className="number">{lines_imported}</span>,
    },
    { key: 'when', header: t('exports.column_created'), align: 'end', cell: ({ started_at }) => <TimeText time={started_at} /> },
  ];
  return (
    <Panel title={t('history.earlier')}>
      <DataTable caption={t('history.earlier')} columns={columns} rows={rows} row_key={({ id }) => id} />
    </Panel>
  );
}

/** Readings from before, or from elsewhere, by a file. */
export default function HistoryImportPart() {
  const { t } = useLanguage();
  const session = useSession();
  const [id, setId] = useState<number | null>(null);
  const client = useQueryClient();
  const begun = (work: HistoryImport) => {
    client.setQueryData(queries.history_import(work.id).queryKey, work);
    setId(work.id);
  };
  if (session.data?.role === 'viewer') return <Empty title={t('orders.not_allowed')} hint={t('orders.not_allowed_hint')} />;
  if (id !== null) return <Work key={id} id={id} on_done={() => setId(null)} />;
  return (
    <>
      <Upload on_begun={begun} />
      <Earlier on_open={setId} />
    </>
  );
}
