import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { ModelSummary } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { title_in } from '../orders/titles.ts';
import './models.css';

function useColumns(): Column<ModelSummary>[] {
  const { t, language } = useLanguage();
  return [
    {
      key: 'title',
      header: t('models.column_title'),
      is_title: true,
      cell: (model) => (
        <Link className="row-link" to={`/models/${encodeURIComponent(model.id)}`}>
          {title_in(language, { name: model.id, ...model })}
        </Link>
      ),
    },
    { key: 'protocol', header: t('device.protocol'), cell: ({ protocol }) => protocol },
    {
      key: 'proven',
      header: t('models.column_proven'),
      is_corner: true,
      cell: ({ proven }) => <span className="chip">{t(`models.proven_${proven}`)}</span>,
    },
    {
      key: 'registers',
      header: t('models.column_registers'),
      align: 'end',
      cell: ({ registers }) => <span className="number">{registers}</span>,
    },
    {
      key: 'commands',
      header: t('models.column_commands'),
      align: 'end',
      cell: ({ commands }) => <span className="number">{commands}</span>,
    },
    {
      key: 'parameters',
      header: t('models.column_parameters'),
      align: 'end',
      is_minor: true,
      cell: ({ parameters }) => <span className="number">{parameters}</span>,
    },
    {
      key: 'histories',
      header: t('models.column_histories'),
      align: 'end',
      is_minor: true,
      cell: ({ histories }) => <span className="number">{histories}</span>,
    },
    {
      key: 'devices',
      header: t('nav.devices'),
      align: 'end',
      cell: ({ id, devices }) =>
        devices > 0 ? <Link to={`/devices?model=${encodeURIComponent(id)}`}>{devices}</Link> : <span className="faint">–</span>,
    },
  ];
}

export default function ModelsPage() {
  const { t, language } = useLanguage();
  const models = useQuery(queries.models());
  const columns = useColumns();
  const [protocol, setProtocol] = useState<string | undefined>(undefined);
  const [search, setSearch] = useState('');
  const all = models.data?.models ?? [];
  const wanted = search.trim().toLowerCase();
  const rows = all.filter(
    (model) =>
      (protocol === undefined || model.protocol === protocol) &&
      `${model.id} ${model.manufacturer} ${title_in(language, { name: model.id, ...model })}`.toLowerCase().includes(wanted),
  );
  const protocols = [...new Set(all.map((model) => model.protocol))].sort();
  return (
    <>
      <PageHeader title={t('models.title')} note={models.data && t('common.total', { count: rows.length })} />
      <div className="filters">
        <span className="filter-search">
          <Icon name="search" size={16} />
          <input
            type="search"
            aria-label={t('common.search')}
            placeholder={t('models.search')}
            maxLength={100}
            value={search}
            onChange={({ target }) => setSearch(target.value)}
          />
        </span>
        <Choice
          class_name="filter"
          label={t('device.protocol')}
          value={protocol}
          none={t('device.protocol')}
          options={protocols.map((one) => ({ value: one, label: one }))}
          on_change={setProtocol}
        />
      </div>
      {models.isError && <ProblemView error={models.error} on_retry={() => void models.refetch()} />}
      {models.isPending && <Skeleton rows={8} height={30} />}
      {models.data && models.data.refused.length > 0 && (
        <Panel title={t('models.refused')} note={t('models.refused_note')}>
          <ul className="model-refused">
            {models.data.refused.map(({ file, reason }) => (
              <li key={file}>
                <span className="mono">{file}</span> <span className="is-fault">{reason}</span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {models.data && rows.length === 0 && <Empty title={t('models.empty')} />}
      {rows.length > 0 && <DataTable caption={t('models.title')} columns={columns} rows={rows} row_key={({ id }) => id} />}
    </>
  );
}
