// @vitest-environment jsdom
import { render, screen, within } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app } from '../../../test/world.tsx';
import type { AggregateFigure, PointFigure } from '../../api/types.ts';
import { AppProviders } from '../../app.tsx';
import { AggregateFigureView } from './aggregate_figure_view.tsx';
import { bucket_path, point_path, stretch_path } from './figure_link.tsx';
import { PointFigureView } from './point_figure_view.tsx';

const day: AggregateFigure = {
  series: 100,
  gateway: 1,
  device_uid: '000000000001',
  register: 'energy_active_import_total',
  unit: 'kWh',
  bucket: 'day',
  label: '2026-11-21',
  after: '2026-11-20T16:00:00.000Z',
  through: '2026-11-21T16:00:00.000Z',
  time_zone: 'Asia/Shanghai',
  counts_up: true,
  row: [
    { field: 'values', value: '2' },
    { field: 'increase', value: '0.75' },
  ],
  same: true,
  differences: [],
  days: [
    {
      day: '2026-11-21',
      standing: 'settled',
      change_waiting: false,
      makings: [{ kind: 'settled', made: '2026-11-22T04:00:00.000Z', before_record: 4711 }],
      differs: false,
      wrong: false,
      differences: [],
    },
  ],
  rules: [{ code: 'bucket', text_en: 'A rule in English.', text_zh: '一条规则。' }],
  reading_count: 2,
  readings: [
    { time: '2026-11-20T20:00:00.000Z', value: '10.75', quality: 'good', edited: false, frame: '65536', counted: true },
    { time: '2026-11-21T12:00:00.000Z', value: '11.25', quality: 'good', edited: true, frame: '131072', counted: true },
  ],
  records: { count: 2, verified: 2, not_looked_at: 0, unverified: [] },
  values: [],
  verified: true,
};

const link = {
  series: 1,
  gateway: 1,
  device_uid: '000000000001',
  register: 'energy_active_import_total',
  unit: 'kWh',
  device_name: 'old meter',
  device_address: '000000000001',
  from: '2026-11-01T00:00:00.000Z',
  to: '2026-11-10T00:00:00.000Z',
  ratio: { numerator: 40, denominator: 1 },
  installation: null,
  removal: '10.45',
  part_after: '2026-11-01T00:00:00.000Z',
  part_through: '2026-11-10T00:00:00.000Z',
  start: { time: '2026-11-01T00:00:00.000Z', value: '10.10', origin: 'reading' as const, frame: '65536' },
  end: { time: '2026-11-10T00:00:00.000Z', value: '10.45', origin: 'removal' as const, frame: null },
  status: 'complete',
  amount: '14.00',
};
const point: PointFigure = {
  point: 'Hall 1',
  register: 'energy_active_import_total',
  unit: 'kWh',
  after: '2026-11-01T00:00:00.000Z',
  through: '2026-11-20T00:00:00.000Z',
  status: 'complete',
  reason: '',
  amount: '30.00',
  links: [
    link,
    { ...link, series: 2, device_name: 'new meter', from: '2026-11-10T00:00:00.000Z', to: null, removal: null, amount: '16.00' },
  ],
  parts_agree: true,
  remarks: [{ kind: 'exchange', from: link.to, to: link.to, start: null, end: null }],
  events: [{ action: 'exchange', at: link.to, made: link.to, author: 'wang', reason: '显示故障' }],
  rules: [],
  values: [],
  values_not_traced: 0,
  verified: true,
};

const show = (view: React.ReactNode) =>
  render(
    <AppProviders>
      <MemoryRouter>{view}</MemoryRouter>
    </AppProviders>,
  );

beforeEach(() => {
  make_world();
});

describe('the way of a stored day', () => {
  it('tells what it was made of, when, and that it is still the same', () => {
    show(<AggregateFigureView figure={day} />);
    expect(screen.getByText(/已验证：重新计算一致/)).toBeInTheDocument();
    expect(screen.getByText('一条规则。')).toBeInTheDocument();
    expect(screen.getByText(/定稿，基于日志记录 4711 之前/)).toBeInTheDocument();
    expect(screen.getByRole('link', { name: '10.75 kWh 的报文' })).toHaveAttribute(
      'href',
      expect.stringContaining('frame=65536'),
    );
    expect(screen.getByRole('link', { name: '11.25 kWh 的修订记录' })).toBeInTheDocument();
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('is loud when the row is not what its readings say', () => {
    const differences = [{ field: 'increase', stored: '99.99', anew: '0.75' }];
    const wrong = { ...(day.days[0] as AggregateFigure['days'][number]), differs: true, wrong: true, differences };
    const records = { count: 2, verified: 1, not_looked_at: 0, unverified: [17] };
    show(<AggregateFigureView figure={{ ...day, same: false, verified: false, differences, days: [wrong], records }} />);
    const alerts = screen.getAllByRole('alert').map(({ textContent }) => textContent);
    expect(alerts.join()).toMatch(/未通过验证/);
    expect(alerts.join()).toMatch(/不符/);
    expect(screen.getAllByText(/存储 99\.99，重算 0\.75/)).toHaveLength(2);
    expect(screen.getByText(/未通过验证：17/)).toBeInTheDocument();
  });
});

describe('the way of a point', () => {
  it('takes it apart into its meters', () => {
    show(<PointFigureView figure={point} />);
    const old_meter = screen.getByRole('heading', { name: /old meter/ }).closest('section') as HTMLElement;
    expect(within(old_meter).getByText('14.00')).toBeInTheDocument();
    expect(within(old_meter).getByText('40/1')).toBeInTheDocument();
    expect(within(old_meter).getAllByText(/10\.45 kWh/).length).toBeGreaterThan(0);
    expect(screen.getByText('各表计用量之和与总量相符')).toBeInTheDocument();
    expect(screen.getByText(/显示故障/)).toBeInTheDocument();
    expect(screen.queryByRole('alert')).toBeNull();
  });
  it('is loud when the parts do not come to the whole', () => {
    show(<PointFigureView figure={{ ...point, parts_agree: false, verified: false }} />);
    expect(screen.getAllByRole('alert')).toHaveLength(2);
  });
});

it('figures have addresses', () => {
  expect(bucket_path(100, 'day', '2026-11-21')).toBe('/figures?series=100&bucket=day&day=2026-11-21');
  expect(stretch_path(100, '2026-11-01', '2026-11-21')).toBe(
    '/figures?series=100&bucket=days&day=2026-11-01&last_day=2026-11-21',
  );
  expect(point_path(7, 'r', 'a', 'b')).toBe('/figures?point=7&register=r&after=a&through=b');
});

describe('the page', () => {
  const slow = { timeout: 20_000 };
  it('asks for what its address names', async () => {
    open_app('/figures?series=100&bucket=day&day=2026-11-21');
    expect(await screen.findByText(/已验证：重新计算一致/, undefined, slow)).toBeInTheDocument();
  }, 30_000);
  it('says when nothing was named, or nothing is there', async () => {
    open_app('/figures');
    expect(await screen.findByText('未指定要溯源的数值', undefined, slow)).toBeInTheDocument();
  }, 30_000);
  it('says when there is no such figure', async () => {
    open_app('/figures?series=999999&bucket=day&day=2026-11-21');
    expect(await screen.findByText('找不到这个数值，或您无权查看', undefined, slow)).toBeInTheDocument();
  }, 30_000);
});
