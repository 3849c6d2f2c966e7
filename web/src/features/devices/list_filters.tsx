import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { queries } from '../../api/queries.ts';
import type { DeviceQuery, DeviceSort } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { Icon } from '../../components/icons.tsx';
import { type MessageKey, useLanguage } from '../../i18n/index.tsx';
import { title_in } from '../orders/titles.ts';
import { TariffFilter } from '../tariffs/tariff_filter.tsx';
import { device_sorts, device_states } from './list_state.ts';

const search_delay_ms = 300;

const sort_labels: Record<DeviceSort, MessageKey> = {
  name: 'devices.sort_name',
  '-name': 'devices.sort_name_down',
  address: 'devices.sort_address',
  '-address': 'devices.sort_address_down',
  last_reading: 'devices.sort_last_reading',
  '-last_reading': 'devices.sort_last_reading_down',
};

export type ListChange = Record<string, string | number | undefined>;

/** Searches a moment after the last key, at once on Enter. */
function SearchField({ search, on_change }: { search: string; on_change: (search: string) => void }) {
  const { t } = useLanguage();
  const [text, setText] = useState(search);
  const sent = useRef(search);
  // The address may change from outside, e.g. by the back button or by clearing all conditions.
  useEffect(() => {
    if (sent.current === search) return;
    sent.current = search;
    setText(search);
  }, [search]);
  useEffect(() => {
    if (text.trim() === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = text.trim();
      on_change(sent.current);
    }, search_delay_ms);
    return () => clearTimeout(timer);
  }, [text, on_change]);
  const send_now = () => {
    if (text.trim() === sent.current) return;
    sent.current = text.trim();
    on_change(sent.current);
  };
  return (
    <span className="filter-search">
      <Icon name="search" size={16} />
      <input
        type="search"
        maxLength={100}
        placeholder={t('devices.search_placeholder')}
        aria-label={t('common.search')}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={({ key }) => key === 'Enter' && send_now()}
      />
    </span>
  );
}

interface Props {
  query: DeviceQuery & { sort: DeviceSort };
  on_change: (change: ListChange) => void;
}

export function ListFilters({ query, on_change }: Props) {
  const { t, language } = useLanguage();
  const organisations = useQuery(queries.organisations());
  const gateways = useQuery(queries.gateways());
  const models = useQuery(queries.models());
  const search_change = useRef(on_change);
  search_change.current = on_change;
  const [on_search] = useState(() => (search: string) => search_change.current({ search }));
  return (
    <>
      <SearchField search={query.search ?? ''} on_change={on_search} />
      <Choice
        class_name="filter"
        label={t('devices.filter_state')}
        none={t('devices.filter_state')}
        value={query.state}
        on_change={(state) => on_change({ state })}
        options={device_states.map((state) => ({ value: state, label: t(`state.${state}`) }))}
      />
      <Choice
        class_name="filter filter-wide"
        label={t('devices.filter_site')}
        none={t('devices.filter_site')}
        value={query.site_id}
        on_change={(site_id) => on_change({ site_id })}
        options={organisations.data?.sites.map(({ id, name }) => ({ value: id, label: name })) ?? []}
      />
      <Choice
        class_name="filter"
        label={t('devices.filter_gateway')}
        none={t('devices.filter_gateway')}
        value={query.gateway_id}
        on_change={(gateway_id) => on_change({ gateway_id })}
        options={gateways.data?.gateways.map(({ id, name }) => ({ value: id, label: name })) ?? []}
      />
      <Choice
        class_name="filter filter-wide"
        label={t('devices.filter_model')}
        none={t('devices.filter_model')}
        value={query.model}
        on_change={(model) => on_change({ model })}
        options={models.data?.models.map((one) => ({ value: one.id, label: title_in(language, { name: one.id, ...one }) })) ?? []}
      />
      <TariffFilter value={query.tariff} on_change={(tariff) => on_change({ tariff })} />
      <Choice
        class_name="filter filter-sort"
        label={t('devices.sort')}
        value={query.sort}
        on_change={(sort) => on_change({ sort })}
        options={device_sorts.map((sort) => ({ value: sort, label: t(sort_labels[sort] as 'devices.sort_name') }))}
      />
    </>
  );
}
