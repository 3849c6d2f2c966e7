import { queryOptions } from '@tanstack/react-query';
import { get, request } from '../../api/client.ts';
import type { components } from '../../api/generated.ts';

type Schemas = components['schemas'];
export type Tariff = Schemas['Tariff'];
export type TariffDetail = Schemas['TariffDetail'];
export type NewTariff = Schemas['NewTariff'];
export type ChangedTariff = Schemas['ChangedTariff'];
export type Utility = Schemas['Utility'];
export type PointTariffs = Schemas['PointTariffs'];
export type PointTariff = PointTariffs['entries'][number];
export type NewPointTariff = Schemas['NewPointTariff'];

const list_path = '/api/v1/tariffs';
const point_path = (point: number) => `/api/v1/points/${point}/tariffs`;

export const tariff_api = {
  create: (body: NewTariff) => request<TariffDetail>('POST', list_path, { body }),
  change: (id: number, body: ChangedTariff) => request<TariffDetail>('POST', `${list_path}/${id}`, { body }),
  assign: (point: number, body: NewPointTariff) => request<PointTariffs>('POST', point_path(point), { body }),
  withdraw: (point: number, entry: number, reason: string) =>
    request<PointTariffs>('POST', `${point_path(point)}/${entry}/withdraw`, { body: { reason } }),
};

export const tariff_queries = {
  list: () =>
    queryOptions({
      queryKey: ['tariffs'],
      queryFn: ({ signal }) => get<{ tariffs: Tariff[]; today: string }>(list_path, signal),
    }),
  one: (id: number) =>
    queryOptions({ queryKey: ['tariff', id], queryFn: ({ signal }) => get<TariffDetail>(`${list_path}/${id}`, signal) }),
  of_point: (point: number) =>
    queryOptions({ queryKey: ['point_tariffs', point], queryFn: ({ signal }) => get<PointTariffs>(point_path(point), signal) }),
};
