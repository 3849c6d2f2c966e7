import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get, request } from '../../api/client.ts';
import type { components } from '../../api/generated.ts';

type Schemas = components['schemas'];
export type Equipment = Schemas['Equipment'];
export type EquipmentDetail = Schemas['EquipmentDetail'];
export type EquipmentKind = Schemas['EquipmentKind'];
export type EquipmentNode = Schemas['EquipmentNode'];
export type EquipmentStatus = Schemas['EquipmentStatus'];
export type NewEquipment = Schemas['NewEquipment'];
export type NewAttachment = Schemas['NewAttachment'];
export type Supervision = Schemas['EquipmentSupervision'];
export type EquipmentPort = Schemas['EquipmentPort'];
export type PortSupervision = Schemas['PortSupervision'];
export type ImportOutcome = Schemas['EquipmentImport'];
export type ServerHealth = Schemas['ServerHealth'];

export const page_size = 50;
const base = '/api/v1/equipment';
export const template_url = `${base}/import-template`;

export const equipment_api = {
  create: (body: NewEquipment) => request<{ id: number }>('POST', base, { body }),
  update: (id: number, body: NewEquipment) => request<void>('PUT', `${base}/${id}`, { body }),
  retire: (id: number) => request<void>('DELETE', `${base}/${id}`),
  attach: (id: number, attachments: NewAttachment[]) =>
    request<void>('PUT', `${base}/${id}/attachments`, { body: { attachments } }),
  supervise: (id: number, body: Supervision) => request<void>('PUT', `${base}/${id}/supervision`, { body }),
  end_supervision: (id: number) => request<void>('DELETE', `${base}/${id}/supervision`),
  supervise_port: (id: number, port: number, supervision: PortSupervision) =>
    request<void>('PUT', `${base}/${id}/ports/${port}`, { body: { supervision } }),
  import_file: (file: Blob, commit: boolean) =>
    request<ImportOutcome>('POST', `${base}/import?commit=${commit}`, { file, file_type: 'text/csv' }),
};

export const equipment_queries = {
  list: (page: number, search: string, kind: string) =>
    queryOptions({
      queryKey: ['equipment', 'list', page, search, kind],
      queryFn: ({ signal }) => get<{ equipment: Equipment[]; total: number }>(base, signal, { page, page_size, search, kind }),
      placeholderData: keepPreviousData,
      refetchInterval: 10_000,
    }),
  detail: (id: number) =>
    queryOptions({
      queryKey: ['equipment', 'detail', id],
      queryFn: ({ signal }) => get<EquipmentDetail>(`${base}/${id}`, signal),
      refetchInterval: 10_000,
    }),
  topology: () =>
    queryOptions({
      queryKey: ['equipment', 'topology'],
      queryFn: ({ signal }) => get<{ nodes: EquipmentNode[]; cut: boolean }>(`${base}/topology`, signal),
      refetchInterval: 10_000,
    }),
  server: () =>
    queryOptions({
      queryKey: ['server-health'],
      queryFn: ({ signal }) => get<ServerHealth>('/api/v1/status/server', signal),
      refetchInterval: 15_000,
    }),
};
