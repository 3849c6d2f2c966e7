import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type DragEvent, useRef, useState } from 'react';
import { api, file_urls, type ImportKind } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { FileImport, ImportFinding } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Progress } from '../../components/progress.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import '../onboarding/onboarding.css';

const bytes_max = 16 * 1024 * 1024;
const accepted = '.csv,.xlsx,.parquet,text/csv';
const is_busy = (state: FileImport['state']) => state === 'checking' || state === 'committing';

interface Kind {
  kind: ImportKind;
  /** Under which word the kind's texts stand. */
  words: 'import' | 'history' | 'point_import';
  title: 'onboarding.file' | 'exports.import' | 'point_import.title';
  /** Local times in the file are taken in the reader's zone. */
  with_zone?: boolean;
}

const reader_zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

function Upload({ of, on_begun }: { of: Kind; on_begun: (begun: FileImport) => void }) {
  const { t } = useLanguage();
  const input = useRef<HTMLInputElement>(null);
  const [is_over, setOver] = useState(false);
  const [is_too_large, setTooLarge] = useState(false);
  const begin = useMutation({
    mutationFn: (file: File) => api.start_import(of.kind, file, file.name, of.with_zone ? reader_zone() : undefined),
    onSuccess: on_begun,
  });
  const take = (file: File | undefined) => {
    if (!file) return;
    setTooLarge(file.size > bytes_max);
    if (file.size <= bytes_max) begin.mutate(file);
  };
  return (
    <Panel
      title={t(of.title)}
      actions={
        <a className="button button-small" href={file_urls.import_template(of.kind)} download>
          {t(`${of.words}.template`)}
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
        <p>{t(`${of.words}.hint`)}</p>
        {of.with_zone && <p className="faint">{t('history.zone', { zone: reader_zone() })}</p>}
        <input
          ref={input}
          className="visually-hidden"
          type="file"
          accept={accepted}
          tabIndex={-1}
          aria-label={t(`${of.words}.choose`)}
          onChange={({ target }) => take(target.files?.[0])}
        />
        <button type="button" className="button button-main" disabled={begin.isPending} onClick={() => input.current?.click()}>
          {t(begin.isPending ? `${of.words}.sending` : `${of.words}.choose`)}
        </button>
        {is_too_large && (
          <p className="is-fault" role="alert">
            {t(`${of.words}.too_large`)}
          </p>
        )}
      </div>
      {begin.isError && <ProblemView error={begin.error} />}
    </Panel>
  );
}

function Summary({ of, work }: { of: Kind; work: FileImport }) {
  const { t } = useLanguage();
  const lines = [
    work.bad_lines > 0 && t(`${of.words}.bad`, { count: work.bad_lines }),
    work.conflict_lines > 0 && t('history.conflict', { count: work.conflict_lines }),
    work.known_lines > 0 && t(of.words === 'point_import' ? 'point_import.known' : 'history.known', { count: work.known_lines }),
    work.doubled_lines > 0 && t('history.doubled', { count: work.doubled_lines }),
  ].filter((line) => line !== false);
  return (
    <>
      <p aria-live="polite">
        {work.state === 'done'
          ? t(`${of.words}.made`, { count: work.lines_made })
          : t(`${of.words}.good`, { good: work.good_lines, lines: work.lines })}
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

function Findings({ of, work }: { of: Kind; work: FileImport }) {
  const { t } = useLanguage();
  const kind_column: Column<ImportFinding> = {
    key: 'kind',
    header: t('history.column_kind'),
    cell: ({ kind, is_fault }) => (
      <span className={is_fault ? 'is-fault' : ''}>{t(`history.kind_${kind}` as 'history.kind_known')}</span>
    ),
  };
  const columns: Column<ImportFinding>[] = [
    { key: 'line', header: t('import.column_line'), is_title: true, cell: ({ line }) => <span className="number">{line}</span> },
    ...(of.words === 'history' ? [kind_column] : []),
    { key: 'column', header: t('import.column_column'), cell: ({ column }) => <span className="mono">{column}</span> },
    { key: 'message', header: t(`${of.words}.column_message`), cell: ({ message }) => message },
  ];
  return (
    <>
      <p className="import-errors-head">
        <a href={file_urls.import_report(of.kind, work.id)} download>
          {t(`${of.words}.save_report`)}
        </a>
      </p>
      <DataTable
        caption={t(`${of.words}.findings`)}
        columns={columns}
        rows={work.findings ?? []}
        row_key={(row) => `${row.line} ${row.kind} ${row.column}`}
      />
    </>
  );
}

/** One file on its way: checked, then made into what it says. */
function Work({ of, id, on_done }: { of: Kind; id: number; on_done: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const work = useQuery({
    ...queries.file_import(of.kind, id),
    refetchInterval: ({ state }) => (state.data && !is_busy(state.data.state) ? false : 700),
  });
  const taken = (changed: FileImport) => {
    client.setQueryData(queries.file_import(of.kind, id).queryKey, changed);
    for (const key of ['file_imports', 'devices', 'overview', 'points', 'point', 'point_tariffs'])
      void client.invalidateQueries({ queryKey: [key] });
  };
  const commit = useMutation({
    mutationFn: (mode: 'all_or_nothing' | 'good_lines') => api.commit_import(of.kind, id, mode),
    onSuccess: taken,
  });
  const cancel = useMutation({ mutationFn: () => api.cancel_import(of.kind, id), onSuccess: taken });
  if (work.isPending) return <Skeleton rows={4} height={24} />;
  if (work.isError) return <ProblemView error={work.error} on_retry={() => void work.refetch()} />;
  const { data } = work;
  const failure = commit.error ?? cancel.error;
  const state_text = t(`${of.words}.state_${data.state}`);
  return (
    <Panel title={data.name || t(of.title)} note={state_text}>
      {data.state === 'checking' && <Progress label={state_text} done={data.lines_checked} total={data.lines} />}
      {data.state === 'committing' && <Progress label={state_text} done={data.lines_made} total={data.good_lines} />}
      <Summary of={of} work={data} />
      <div className="form-actions">
        {data.state === 'checked' && data.good_lines > 0 && (
          <button
            type="button"
            className="button button-main"
            disabled={commit.isPending}
            onClick={() => commit.mutate(data.bad_lines > 0 ? 'good_lines' : 'all_or_nothing')}
          >
            {t(data.bad_lines > 0 ? `${of.words}.commit_good` : `${of.words}.commit_all`, { count: data.good_lines })}
          </button>
        )}
        {(is_busy(data.state) || data.state === 'checked') && (
          <button type="button" className="button" disabled={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('common.cancel')}
          </button>
        )}
        {!is_busy(data.state) && data.state !== 'checked' && (
          <button type="button" className="button" onClick={on_done}>
            {t('import.another')}
          </button>
        )}
        {data.state === 'checked' && of.words === 'history' && <span className="faint">{t('history.permanent')}</span>}
      </div>
      {failure && <ProblemView error={failure} />}
      {(data.findings ?? []).length > 0 && <Findings of={of} work={data} />}
    </Panel>
  );
}

function Earlier({ of, on_open }: { of: Kind; on_open: (id: number) => void }) {
  const { t } = useLanguage();
  const imports = useQuery(queries.file_imports(of.kind));
  if (imports.isError) return <ProblemView error={imports.error} on_retry={() => void imports.refetch()} />;
  const rows = imports.data?.imports ?? [];
  if (rows.length === 0) return null;
  const columns: Column<FileImport>[] = [
    {
      key: 'name',
      header: t('import.column_file'),
      is_title: true,
      cell: ({ id, name }) => (
        <button type="button" className="link-button" onClick={() => on_open(id)}>
          {name || `#${id}`}
        </button>
      ),
    },
    {
      key: 'state',
      header: t('exports.column_state'),
      is_corner: true,
      cell: ({ state }) => t(`${of.words}.state_${state}`),
    },
    {
      key: 'lines',
      header: t('import.column_lines'),
      align: 'end',
      cell: ({ lines }) => <span className="number">{lines}</span>,
    },
    {
      key: 'made',
      header: t(`${of.words}.column_made`),
      align: 'end',
      cell: ({ lines_made }) => <span className="number">{lines_made}</span>,
    },
    { key: 'when', header: t('jobs.column_when'), align: 'end', cell: ({ started_at }) => <TimeText time={started_at} /> },
  ];
  return (
    <Panel title={t('import.earlier')}>
      <DataTable caption={t('import.earlier')} columns={columns} rows={rows} row_key={({ id }) => id} />
    </Panel>
  );
}

/** Much at once, by a file. */
export function FileImportPart(of: Kind) {
  const [id, setId] = useState<number | null>(null);
  const client = useQueryClient();
  const begun = (work: FileImport) => {
    client.setQueryData(queries.file_import(of.kind, work.id).queryKey, work);
    setId(work.id);
  };
  if (id !== null) return <Work key={id} of={of} id={id} on_done={() => setId(null)} />;
  return (
    <>
      <Upload of={of} on_begun={begun} />
      <Earlier of={of} on_open={setId} />
    </>
  );
}
