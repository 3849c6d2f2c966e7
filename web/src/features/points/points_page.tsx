import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { MeteringPoint } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { Pager } from '../../components/pager.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import { TariffFilter } from '../tariffs/tariff_filter.tsx';
import { NewPointDialog } from './new_point_dialog.tsx';
import './points.css';

function useColumns(): Column<MeteringPoint>[] {
  const { t } = useLanguage();
  return [
    {
      key: 'name',
      header: t('points.column_name'),
      is_title: true,
      cell: ({ id, name }) => <Link to={`/points/${id}`}>{name}</Link>,
    },
    {
      key: 'device',
      header: t('points.column_device'),
      cell: ({ device }) =>
        device ? <Link to={`/devices/${device.id}`}>{device.name}</Link> : <span className="faint">{t('points.no_device')}</span>,
    },
    {
      key: 'tariff',
      header: t('tariffs.of_point'),
      cell: ({ tariff }) => tariff?.name ?? <span className="faint">{t('tariffs.none')}</span>,
    },
    { key: 'site', header: t('points.column_site'), cell: ({ site }) => site?.name ?? '–' },
    { key: 'organisation', header: t('points.column_organisation'), cell: ({ organisation }) => organisation.name },
    {
      key: 'links',
      header: t('points.column_links'),
      align: 'end',
      cell: ({ links }) => <span className="number">{links}</span>,
    },
  ];
}

export default function PointsPage() {
  const { t } = useLanguage();
  const session = useSession();
  const [parameters, setParameters] = useSearchParams();
  const [is_new, setIsNew] = useState(false);
  const page = Math.max(1, Number(parameters.get('page')) || 1);
  const search = parameters.get('search') ?? '';
  const tariff = parameters.get('tariff')?.slice(0, 32) ?? '';
  const points = useQuery(queries.points(page, search, tariff));
  const columns = useColumns();
  const change = (name: string, value: string) =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete('page');
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  return (
    <>
      <PageHeader title={t('points.title')} note={points.data && t('common.total', { count: points.data.total })}>
        <Link className="button" to="/tariffs">
          {t('tariffs.title')}
        </Link>
        {session.data?.role !== 'viewer' && (
          <Link className="button" to="/points/import">
            {t('point_import.open')}
          </Link>
        )}
        {session.data?.role !== 'viewer' && (
          <button type="button" className="button button-main" onClick={() => setIsNew(true)}>
            {t('points.new')}
          </button>
        )}
      </PageHeader>
      <div className="filters points-filters">
        <input
          type="search"
          className="field-input points-search"
          aria-label={t('points.search')}
          placeholder={t('points.search')}
          maxLength={100}
          value={search}
          onChange={({ target }) => change('search', target.value)}
        />
        <TariffFilter value={tariff || undefined} on_change={(code) => change('tariff', code ?? '')} />
      </div>
      {points.isError && <ProblemView error={points.error} on_retry={() => void points.refetch()} />}
      {points.isPending && <Skeleton rows={8} height={30} />}
      {points.data && points.data.points.length === 0 && <Empty title={t('points.empty')} hint={t('points.empty_hint')} />}
      {points.data && points.data.points.length > 0 && (
        <>
          <DataTable
            caption={t('points.caption')}
            columns={columns}
            rows={points.data.points}
            row_key={({ id }) => String(id)}
            is_stale={points.isPlaceholderData}
          />
          <Pager
            page={page}
            pages={Math.ceil(points.data.total / points.data.page_size)}
            on_change={(wanted) => change('page', wanted > 1 ? String(wanted) : '')}
          />
        </>
      )}
      {is_new && <NewPointDialog on_close={() => setIsNew(false)} />}
    </>
  );
}
