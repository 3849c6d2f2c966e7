import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get, request } from '../../api/client.ts';
import type { components } from '../../api/generated.ts';

type Schemas = components['schemas'];
export type Sensor = Schemas['Sensor'];
export type SensorDetail = Schemas['SensorDetail'];
export type NewSensor = Schemas['NewSensor'];
export type SensorDetails = Schemas['SensorDetails'];
export type NewCalibration = Schemas['NewCalibration'];
export type SensorExchange = Schemas['SensorExchange'];
export type CalibrationState = Schemas['CalibrationState'];
export type OverduePeriod = Schemas['OverduePeriod'];
export type MeterCondition = Schemas['MeterCondition'];
export type MeterConditionKind = Schemas['MeterConditionKind'];
export type MeterConditionPage = Schemas['MeterConditionPage'];
export interface SensorPage {
  sensors: Sensor[];
  total: number;
  due: number;
  overdue: number;
  page: number;
  page_size: number;
}
export interface TableOutcome {
  made: number;
  changed: number;
  errors: { line: number; message: string }[];
}

const page_size = 50;
const base = '/api/v1/sensors';

export const sensor_api = {
  create: (body: NewSensor) => request<SensorDetail>('POST', base, { body }),
  edit: (id: number, body: SensorDetails) => request<SensorDetail>('PUT', `${base}/${id}`, { body }),
  calibrate: (id: number, body: NewCalibration) => request<SensorDetail>('POST', `${base}/${id}/calibrations`, { body }),
  exchange: (id: number, body: SensorExchange) => request<SensorDetail>('POST', `${base}/${id}/exchange`, { body }),
  adopt: () => request<{ made: number }>('POST', `${base}/defaults`),
  import_table: (file: Blob) => request<TableOutcome>('POST', `${base}/table`, { file, file_type: 'text/csv' }),
};

export function table_url(search: string, state: string): string {
  return `${base}/table?${new URLSearchParams({ ...(search ? { search } : {}), ...(state ? { state } : {}) })}`;
}

export const sensor_queries = {
  list: (page: number, search: string, state: string) =>
    queryOptions({
      queryKey: ['sensors', page, search, state],
      queryFn: ({ signal }) => get<SensorPage>(base, signal, { page, page_size, search, state }),
      placeholderData: keepPreviousData,
    }),
  detail: (id: number) =>
    queryOptions({ queryKey: ['sensor', id], queryFn: ({ signal }) => get<SensorDetail>(`${base}/${id}`, signal) }),
  overdue: (device: number) =>
    queryOptions({
      queryKey: ['calibration', device],
      queryFn: ({ signal }) => get<{ overdue: OverduePeriod[] }>(`/api/v1/devices/${device}/calibration`, signal),
      staleTime: 60_000,
    }),
  conditions: (page: number, search: string, kind: string) =>
    queryOptions({
      queryKey: ['meter-conditions', page, search, kind],
      queryFn: ({ signal }) => get<MeterConditionPage>('/api/v1/meter-conditions', signal, { page, page_size, search, kind }),
      placeholderData: keepPreviousData,
      refetchInterval: 15_000,
    }),
};
