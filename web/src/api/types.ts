import type { components, paths } from './generated.ts';

type Schemas = components['schemas'];
export type Completeness = Schemas['Completeness'];
export type Curve = Schemas['Curve'];
export type CurveBucket = Curve['buckets'][number];
export type CurvePoint = Schemas['CurvePoint'];
export type Device = Schemas['Device'];
export type DeviceDetail = Schemas['DeviceDetail'];
export type DevicePage = Schemas['DevicePage'];
export type DeviceState = Schemas['DeviceState'];
export type ExplainedOctets = Schemas['ExplainedOctets'];
export type FrameField = ExplainedOctets['fields'][number];
export type FrameProvenance = Schemas['FrameProvenance'];
export type Gateway = Schemas['Gateway'];
export type LiveReading = Schemas['LiveReading'];
export type OrganisationTree = Schemas['OrganisationTree'];
export type Overview = Schemas['Overview'];
export type Problem = Schemas['Problem'];
export type Reading = Schemas['Reading'];
export type RegisterLatest = Schemas['RegisterLatest'];
export type Session = Schemas['Session'];
export type Source = Schemas['Source'];
export type Status = Schemas['Status'];

export type DeviceQuery = NonNullable<paths['/api/v1/devices']['get']['parameters']['query']>;
export type DeviceSort = NonNullable<DeviceQuery['sort']>;
