import { queryOptions } from '@tanstack/react-query';
import { get, request } from '../../api/client.ts';
import type { components } from '../../api/generated.ts';

type Schemas = components['schemas'];
export type Rule = Schemas['ProcessingRule'];
export type RuleVersion = Schemas['ProcessingRuleVersion'];
export type DeviceProcessing = Schemas['DeviceProcessing'];
export type Preview = Schemas['ProcessingPreview'];
export type PreviewRow = Preview['rows'][number];
export type NewRuleChange = Schemas['NewProcessingChange'];
export type RuleOutcome = Schemas['ProcessingOutcome'];
export type Sum = Schemas['GatewaySum'];
export type SumDetails = Schemas['GatewaySumDetails'];
export type NewSum = Schemas['NewGatewaySum'];
export type DerivationState = Schemas['DerivationState'];

export const processing_api = {
  change: (body: NewRuleChange) => request<RuleOutcome>('POST', '/api/v1/processing-changes', { body }),
  preview: (device_id: number, rule: Rule, hours: number) =>
    request<Preview>('POST', `/api/v1/devices/${device_id}/processing/preview`, { body: { rule, hours } }),
  set_sum: (gateway_id: number, body: NewSum) => request<SumDetails>('POST', `/api/v1/gateways/${gateway_id}/sums`, { body }),
  remove_sum: (gateway_id: number, uid: string, reason: string) =>
    request<void>('POST', `/api/v1/gateways/${gateway_id}/sums/remove`, { body: { uid, reason } }),
};

export const processing_queries = {
  device: (id: number) =>
    queryOptions({
      queryKey: ['processing', id],
      queryFn: ({ signal }) => get<DeviceProcessing>(`/api/v1/devices/${id}/processing`, signal),
      refetchInterval: 3_000,
    }),
  sums: (gateway_id: number, page: number) =>
    queryOptions({
      queryKey: ['sums', gateway_id, page],
      queryFn: ({ signal }) =>
        get<Schemas['GatewaySumPage']>(`/api/v1/gateways/${gateway_id}/sums`, signal, { page, page_size: 50 }),
      refetchInterval: 3_000,
    }),
  sum: (id: number, page: number, page_size = 50) =>
    queryOptions({
      queryKey: ['sum', id, page, page_size],
      queryFn: ({ signal }) => get<SumDetails>(`/api/v1/sums/${id}`, signal, { page, page_size }),
    }),
};
