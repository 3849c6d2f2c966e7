import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type DragEvent, useRef, useState } from 'react';
import { api, file_urls } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { DeviceImport } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Progress } from '../../components/progress.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';

const bytes_max = 16 * 1024 * 1024;
const is_busy = (state: DeviceImport['state']) => state === 'checking' || state === 'committing';

function Upload({ on_begun }: { on_begun: (begun: DeviceImport) => void }) {
  const { t } = useLanguage();
  const input = useRef<HTMLInputElement>(null);
  const [is_over, setOver] = useState(false);
  const [is_too_large, setTooLarge] = useState(false);
  const begin = useMutation({ mutationFn: (file: File) => api.start_import(file, file.name), onSuccess: on_begun });
  const take = (file: File | undefined) => {
    if (!file) return;
    setTooLarge(file.size > bytes_max);
    if (file.size <= bytes_max) begin.mutate(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    <Panel
      title={t('onboarding.file')}
      actions={
        <a className="button button-small" href={file_urls.import_template} download>
          {t('import.template')}
        </a>
      }
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is a convenience, the button does the same */}
      <div
        className={is_over ? 'drop-place is-over' : 'drop-place'}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <p>{t('import.hint')}</p>
        <input
          ref={input}
          className="visually-hidden"
          type="file"
          accept=".csv,text/csv"
          tabIndex={-1}
          aria-label={t('import.choose')}
          onChange={({ target }) => take(target.files?.[0])}
        />
        <button type="button" className="button button-main" disabled={begin.isPending} onClick={() => input.current?.click()}>
          {begin.isPending ? t('import.sending') : t('import.choose')}
        </button>
        {is_too_large && (
          <p className="is-fault" role="alert">
            {t('import.too_large')}
          </p>
        )}
      </div>
      {begin.isError && <ProblemView error={begin.error} />}
    </Panel>
  );
}

function Errors({ work }: { work: DeviceImport }) {
  const { t } = useLanguage();
  type Row = DeviceImport['errors'][number];
  const columns: Column<Row>[] = [
    { key: 'line', header: t('import.column_line'), is_title: true, cell: ({ line }) => <span className="number">{line}</span> },
    { key: 'column', header: t('import.column_column'), cell: ({ column }) => <span className="mono">{column}</span> },
    { key: 'message', header: t('import.column_message'), cell: ({ message }) => message },
  ];
  return (
    <>
      <p className="import-errors-head">
        {t('import.bad', { count: work.bad_lines })}{' '}
        <a href={file_urls.import_errors(work.id)} download>
          {t('import.save_errors')}
        </a>
      </p>
      <DataTable
        caption={t('import.errors')}
        columns={columns}
        rows={work.errors}
        row_key={(row) => `${row.line} ${row.column} ${row.code}`}
      />
    </>
  );
}

/** One file on its way: checked, then made into devices. */
function Work({ id, on_done }: { id: number; on_done: () => void }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const work = useQuery({
    ...queries.import(id),
    refetchInterval: ({ state }) => (state.data && !is_busy(state.data.state) ? false : 700),
  });
  const taken = (changed: DeviceImport) => {
    client.setQueryData(queries.import(id).queryKey, changed);
    for (const key of ['imports', 'devices', 'overview']) void client.invalidateQueries({ queryKey: [key] });
  };
  const commit = useMutation({
    mutationFn: (mode: 'all_or_nothing' | 'good_lines') => api.commit_import(id, mode),
    onSuccess: taken,
  });
  const cancel = useMutation({ mutationFn: () => api.cancel_import(id), onSuccess: taken });
  if (work.isPending) return <Skeleton rows={4} height={24} />;
  if (work.isError) return <ProblemView error={work.error} on_retry={() => void work.refetch()} />;
  const { data } = work;
  const failure = commit.error ?? cancel.error;
  return (
    <Panel title={data.name || t('onboarding.file')} note={t(`import.state_${data.state}`)}>
      {data.state === 'checking' && <Progress label={t('import.state_checking')} done={data.lines_checked} total={data.lines} />}
      {data.state === 'committing' && (
        <Progress label={t('import.state_committing')} done={data.devices_made} total={data.good_lines} />
      )}
      <p aria-live="polite">
        {data.state === 'done'
          ? t('import.made', { count: data.devices_made })
          : t('import.good', { good: data.good_lines, lines: data.lines })}
        {data.reason && <span className="is-fault"> {data.reason}</span>}
      </p>
      <div className="form-actions">
        {data.state === 'checked' && data.good_lines > 0 && (
          <button
            type="button"
            className="button button-main"
            disabled={commit.isPending}
            onClick={() => commit.mutate(data.bad_lines > 0 ? 'good_lines' : 'all_or_nothing')}
          >
            {t(data.bad_lines > 0 ? 'import.commit_good' : 'import.commit_all', { count: data.good_lines })}
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
      </div>
      {failure && <ProblemView error={failure} />}
      {data.bad_lines > 0 && <Errors work={data} />}
    </Panel>
  );
}

function Earlier({ on_open }: { on_open: (id: number) => void }) {
  const { t } = useLanguage();
  const imports = useQuery(queries.imports());
  const rows = imports.data?.imports ?? [];
  if (rows.length === 0) return null;
  const columns: Column<DeviceImport>[] = [
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
    { key: 'state', header: t('jobs.column_state'), is_corner: true, cell: ({ state }) => t(`import.state_${state}`) },
    {
      key: 'lines',
      header: t('import.column_lines'),
      align: 'end',
      cell: ({ lines }) => <span className="number">{lines}</span>,
    },
    {
      key: 'made',
      header: t('import.column_made'),
      align: 'end',
      cell: ({ devices_made }) => <span className="number">{devices_made}</span>,
    },
    { key: 'when', header: t('jobs.column_when'), align: 'end', cell: ({ started_at }) => <TimeText time={started_at} /> },
  ];
  return (
    <Panel title={t('import.earlier')}>
      <DataTable caption={t('import.earlier')} columns={columns} rows={rows} row_key={({ id }) => id} />
    </Panel>
  );
}

/** Many devices by a file. */
export default function ImportPart() {
  const [id, setId] = useState<number | null>(null);
  const client = useQueryClient();
  const begun = (work: DeviceImport) => {
    client.setQueryData(queries.import(work.id).queryKey, work);
    setId(work.id);
  };
  if (id !== null) return <Work key={id} id={id} on_done={() => setId(null)} />;
  return (
    <>
      <Upload on_begun={begun} />
      <Earlier on_open={setId} />
    </>
  );
}
