import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useSearchParams } from 'react-router';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import './equipment.css';
import { type Equipment, equipment_api, equipment_queries, page_size, template_url } from './equipment_api.ts';
import { EquipmentDialog } from './equipment_dialog.tsx';
import { EquipmentForm, kinds } from './equipment_form.tsx';
import { EquipmentState } from './equipment_state.tsx';
import { TopologyPart } from './topology_part.tsx';

function useColumns(on_open: (id: number) => void): Column<Equipment>[] {
  const { t } = useLanguage();
  return [
    {
      key: 'name',
      header: t('equipment.name'),
      is_title: true,
      cell: ({ id, name }) => (
        <button type="button" className="button button-quiet" onClick={() => on_open(id)}>
          {name}
        </button>
      ),
    },
    { key: 'state', header: t('equipment.state'), is_corner: true, cell: ({ status }) => <EquipmentState status={status} /> },
    { key: 'kind', header: t('equipment.kind'), cell: ({ kind }) => t(`equipment.kind_${kind}`) },
    { key: 'address', header: t('equipment.address'), cell: ({ address }) => <span className="mono">{address || '–'}</span> },
    { key: 'model', header: t('equipment.model'), is_minor: true, cell: ({ maker, model }) => `${maker} ${model}`.trim() || '–' },
    { key: 'site', header: t('equipment.site'), is_minor: true, cell: ({ site }) => site?.name ?? '–' },
    { key: 'gateway', header: t('equipment.gateway'), cell: ({ gateway }) => gateway?.name ?? '–' },
    { key: 'parent', header: t('equipment.parent'), cell: ({ parent }) => parent?.name ?? '–' },
    {
      key: 'attached',
      header: t('equipment.attached'),
      align: 'end',
      cell: ({ attached }) => <span className="number">{attached}</span>,
    },
  ];
}

/** A file is checked first; what is good may then be taken over. */
function ImportTool() {
  const { t } = useLanguage();
  const client = useQueryClient();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File | null>(null);
  const check = useMutation({ mutationFn: (chosen: File) => equipment_api.import_file(chosen, false) });
  const commit = useMutation({
    mutationFn: (chosen: File) => equipment_api.import_file(chosen, true),
    onSuccess: () => client.invalidateQueries({ queryKey: ['equipment'] }),
  });
  const error = check.error ?? commit.error;
  const outcome = check.data;
  return (
    <>
      <button type="button" className="button" disabled={check.isPending} onClick={() => input.current?.click()}>
        {t('equipment.import')}
      </button>
      <a className="button" href={template_url} download>
        {t('equipment.template')}
      </a>
      <input
        ref={input}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label={t('equipment.import')}
        onChange={({ target }) => {
          const chosen = target.files?.[0];
          target.value = '';
          if (!chosen) return;
          setFile(chosen);
          commit.reset();
          check.mutate(chosen);
        }}
      />
      <span role="status">
        {commit.data && t('equipment.import_made', { count: commit.data.made })}
        {outcome && !commit.data && t('equipment.import_checked', { good: outcome.good_lines, lines: outcome.lines })}
      </span>
      {outcome && !commit.data && outcome.faults.length === 0 && file && (
        <button type="button" className="button button-main" disabled={commit.isPending} onClick={() => commit.mutate(file)}>
          {t('equipment.import_commit')}
        </button>
      )}
      {error && <ProblemView error={error} />}
      {outcome && outcome.faults.length > 0 && (
        <ul role="alert" className="equipment-faults">
          {outcome.faults.map(({ line, column, message }) => (
            <li key={`${line} ${column} ${message}`}>{t('equipment.import_line', { line, message: `${column} ${message}` })}</li>
          ))}
        </ul>
      )}
    </>
  );
}

export default function EquipmentPage() {
  const { t } = useLanguage();
  const session = useSession();
  const [parameters, setParameters] = useSearchParams();
  const page = Math.max(1, Number(parameters.get('page')) || 1);
  const search = parameters.get('search') ?? '';
  const kind = parameters.get('kind') ?? '';
  const view = parameters.get('view') ?? 'list';
  const [opened, setOpened] = useState<number | null>(null);
  const [is_new, setIsNew] = useState(false);
  const list = useQuery(equipment_queries.list(page, search, kind));
  const columns = useColumns(setOpened);
  const may_write = session.data !== undefined && session.data?.role !== 'viewer';
  const set = (name: string, value: string) =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        if (name !== 'page') next.delete('page');
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  const rows = list.data?.equipment ?? [];
  return (
    <>
      <PageHeader title={t('equipment.title')} note={list.data && t('common.total', { count: list.data.total })} />
      <div className="equipment-tools">
        {may_write && (
          <>
            <button type="button" className="button button-main" onClick={() => setIsNew(true)}>
              {t('equipment.new')}
            </button>
            <ImportTool />
          </>
        )}
        <fieldset className="equipment-views">
          <legend className="visually-hidden">{t('equipment.view')}</legend>
          {(['list', 'topology'] as const).map((each) => (
            <button
              key={each}
              type="button"
              className="button"
              aria-pressed={view === each}
              onClick={() => set('view', each === 'list' ? '' : each)}
            >
              {t(each === 'list' ? 'equipment.view_list' : 'equipment.topology')}
            </button>
          ))}
        </fieldset>
      </div>
      {view === 'topology' ? (
        <TopologyPart on_open={setOpened} />
      ) : (
        <>
          <div className="equipment-filters">
            <input
              type="search"
              className="field-input"
              aria-label={t('equipment.search')}
              placeholder={t('equipment.search')}
              maxLength={100}
              value={search}
              onChange={({ target }) => set('search', target.value)}
            />
            <select
              className="field-input"
              aria-label={t('equipment.kind')}
              value={kind}
              onChange={({ target }) => set('kind', target.value)}
            >
              <option value="">{t('equipment.all')}</option>
              {kinds.map((each) => (
                <option key={each} value={each}>
                  {t(`equipment.kind_${each}`)}
                </option>
              ))}
            </select>
          </div>
          {list.isError && <ProblemView error={list.error} on_retry={() => void list.refetch()} />}
          {list.isPending && <Skeleton rows={6} height={30} />}
          {list.data && rows.length === 0 && <Empty title={t('equipment.empty')} hint={t('equipment.empty_hint')} />}
          {rows.length > 0 && <DataTable caption={t('equipment.title')} columns={columns} rows={rows} row_key={({ id }) => id} />}
          <Pager
            page={page}
            pages={Math.ceil((list.data?.total ?? 0) / page_size)}
            on_change={(next) => set('page', String(next))}
          />
        </>
      )}
      {opened !== null && <EquipmentDialog id={opened} may_write={may_write} on_close={() => setOpened(null)} />}
      {is_new && <EquipmentForm on_close={() => setIsNew(false)} />}
    </>
  );
}
