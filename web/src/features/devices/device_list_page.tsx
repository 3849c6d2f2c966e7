import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { Device, DevicePage, DeviceSort } from '../../api/types.ts';
import { StateBadge } from '../../components/badges.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty, PageHeader, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Age } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useLiveDevices, usePollInterval } from '../live/live_context.tsx';
import { useSession } from '../session/session.tsx';
import './devices.css';
import { type ListChange, ListFilters } from './list_filters.tsx';
import { ListPager } from './list_pager.tsx';
import { change_list_state, read_list_state, sort_direction, toggled_sort } from './list_state.ts';

const no_devices: number[] = [];

function useColumns(sort: DeviceSort, change: (change: ListChange) => void, time_zones: Map<number, string>): Column<Device>[] {
  const { t } = useLanguage();
  return useMemo(() => {
    const sortable = (column: 'name' | 'address' | 'last_reading') => ({
      direction: sort_direction(column, sort),
      on_toggle: () => change({ sort: toggled_sort(column, sort) }),
    });
    return [
      { key: 'state', header: t('devices.column_state'), is_corner: true, cell: ({ state }) => <StateBadge state={state} /> },
      {
        key: 'name',
        header: t('devices.column_name'),
        is_title: true,
        sort: sortable('name'),
        cell: ({ id, name }) => (
          <Link className="row-link" to={`/devices/${id}`}>
            {name}
          </Link>
        ),
      },
      {
        key: 'address',
        header: t('devices.column_address'),
        sort: sortable('address'),
        cell: ({ address }) => <span className="mono">{address}</span>,
      },
      {
        key: 'last_reading',
        header: t('devices.column_last_reading'),
        align: 'end',
        sort: sortable('last_reading'),
        cell: ({ last_reading_at, interval_s, site }) => (
          <Age time={last_reading_at} stale_ms={interval_s * 2_000} time_zone={site ? time_zones.get(site.id) : undefined} />
        ),
      },
      { key: 'site', header: t('devices.column_site'), cell: ({ site }) => site?.name ?? <span className="faint">–</span> },
      {
        key: 'organisation',
        header: t('devices.column_organisation'),
        is_minor: true,
        cell: ({ organisation }) => organisation.name,
      },
      {
        key: 'gateway',
        header: t('devices.column_gateway'),
        is_minor: true,
        cell: ({ gateway }) => gateway?.name ?? <span className="faint">–</span>,
      },
      { key: 'model', header: t('devices.column_model'), is_minor: true, cell: ({ model }) => model },
    ];
  }, [t, sort, change, time_zones]);
}

interface ListProps {
  page: DevicePage;
  sort: DeviceSort;
  is_stale: boolean;
  change: (change: ListChange) => void;
}

function List({ page, sort, is_stale, change }: ListProps) {
  const { t } = useLanguage();
  const organisations = useQuery(queries.organisations());
  const time_zones = useMemo(
    () => new Map(organisations.data?.sites.map((site) => [site.id, site.time_zone]) ?? []),
    [organisations.data],
  );
  const columns = useColumns(sort, change, time_zones);
  if (page.devices.length === 0) {
    return (
      <Empty title={t('devices.empty')} hint={t('devices.empty_hint')}>
        <button
          type="button"
          className="button"
          onClick={() =>
            change({ search: undefined, state: undefined, site_id: undefined, gateway_id: undefined, model: undefined })
          }
        >
          {t('devices.clear_filters')}
        </button>
      </Empty>
    );
  }
  return (
    <>
      <DataTable
        class_name="device-table"
        caption={t('devices.table_caption')}
        columns={columns}
        rows={page.devices}
        row_key={({ id }) => id}
        is_stale={is_stale}
      />
      <ListPager page={page} on_change={change} />
    </>
  );
}

export default function DeviceListPage() {
  const { t, language } = useLanguage();
  const session = useSession();
  const [parameters, setParameters] = useSearchParams();
  const query = useMemo(() => read_list_state(parameters), [parameters]);
  const devices = useQuery({ ...queries.devices(query), refetchInterval: usePollInterval(30_000, 5_000) });
  const shown = useMemo(() => devices.data?.devices.map(({ id }) => id) ?? no_devices, [devices.data]);
  useLiveDevices(shown);
  const navigate = useNavigate();
  const change = useCallback(
    (wanted: ListChange) => setParameters((before) => change_list_state(before, wanted), { replace: !('page' in wanted) }),
    [setParameters],
  );
  const total = devices.data && t('devices.count', { count: devices.data.total });
  return (
    <>
      <PageHeader title={t('devices.title')} note={total && <output key={language}>{total}</output>}>
        <Link className="button" to="/exports">
          {t('exports.title')}
        </Link>
        {session.data && session.data.role !== 'viewer' && (
          <Link className="button" to="/onboarding">
            {t('devices.add')}
          </Link>
        )}
      </PageHeader>
      <div className="filters">
        <ListFilters query={query} on_change={change} />
      </div>
      {devices.isError && <ProblemView error={devices.error} on_retry={() => void devices.refetch()} />}
      {devices.isPending && <Skeleton rows={12} height={30} />}
      {devices.data && (
        // A press anywhere in a row opens it; the name is the real link, for keyboards and screen readers.
        // biome-ignore lint/a11y/noStaticElementInteractions: the row's link does the same for keyboards
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        <div
          onClick={({ target }) => {
            if (!(target instanceof Element) || target.closest('a, button') || window.getSelection()?.toString()) return;
            const link = target.closest('tr')?.querySelector<HTMLAnchorElement>('.row-link');
            if (link) navigate(link.pathname);
          }}
        >
          <List page={devices.data} sort={query.sort} is_stale={devices.isPlaceholderData} change={change} />
        </div>
      )}
    </>
  );
}
