// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';
import { range_of } from './new_export_part.tsx';
import { size_text } from './size_text.ts';

const slow = { timeout: 20_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});
const bodies = (wanted: string) =>
  world.requests.filter((request) => request.path === wanted && request.method === 'POST').map(({ body }) => body);

describe('exporting', () => {
  it('begins with nothing, asks for one device, shows progress and then the file', async () => {
    const user = userEvent.setup();
    open_app('/exports');
    expect(await screen.findByText('还没有导出文件', undefined, slow)).toBeInTheDocument();
    await user.click(screen.getAllByRole('link', { name: '新建导出' })[0] as HTMLElement);
    expect(await screen.findByLabelText('设备范围', undefined, slow)).toHaveValue('all');
    await user.clear(screen.getByLabelText('起始日期'));
    await user.type(screen.getByLabelText('起始日期'), '2026-11-05');
    await user.clear(screen.getByLabelText('结束日期（含）'));
    await user.type(screen.getByLabelText('结束日期（含）'), '2026-11-04');
    await user.click(screen.getByRole('button', { name: '开始导出' }));
    expect(screen.getByText('结束日期不能早于起始日期')).toBeInTheDocument();
    expect(bodies('/api/v1/exports')).toEqual([]);

    await user.clear(screen.getByLabelText('结束日期（含）'));
    await user.type(screen.getByLabelText('结束日期（含）'), '2026-11-06');
    await user.selectOptions(screen.getByLabelText('内容'), '月统计');
    expect(screen.getByText(/只含完整的时段/)).toBeInTheDocument();
    await user.selectOptions(screen.getByLabelText('格式'), 'Parquet');
    expect(screen.queryByText('加 UTF-8 标记，便于 Excel 打开')).not.toBeInTheDocument();
    await user.type(screen.getByLabelText('名称'), '十一月');
    await user.click(screen.getByRole('checkbox', { name: /正向有功总/ }));
    await user.click(screen.getByRole('button', { name: '开始导出' }));
    expect(await screen.findByText('十一月', undefined, slow)).toBeInTheDocument();
    expect(screen.getByTestId('whereabouts')).toHaveTextContent('/exports');
    expect(bodies('/api/v1/exports')[0]).toMatchObject({
      all_devices: true,
      by: 'month',
      format: 'parquet',
      byte_order_mark: false,
      registers: ['energy_active_import_total'],
      name: '十一月',
    });
    expect(screen.getByText(/月统计/)).toBeInTheDocument();
    expect(await screen.findByRole('progressbar', undefined, slow)).toBeInTheDocument();
    const link = await screen.findByRole('link', { name: '下载' }, slow);
    expect(link).toHaveAttribute('href', '/api/v1/exports/1/file');
    await user.click(screen.getByRole('button', { name: '删除文件' }));
    expect(await screen.findByText('文件已删除', undefined, slow)).toBeInTheDocument();
    expect(screen.queryByRole('link', { name: '下载' })).not.toBeInTheDocument();
  }, 60_000);

  it('is offered on the page of a device, with its own registers', async () => {
    const user = userEvent.setup();
    open_app('/devices/2');
    // By its text: looking for roles in so large a page takes jsdom seconds.
    await user.click(await screen.findByText('导出', undefined, slow));
    expect(await screen.findByLabelText('设备范围', undefined, slow)).toHaveValue('device');
    await waitFor(() => expect(screen.getAllByRole('checkbox').length).toBeGreaterThan(12), slow);
    await user.click(screen.getByRole('button', { name: '开始导出' }));
    await waitFor(
      () => expect(bodies('/api/v1/exports')[0]).toMatchObject({ device_ids: [2], format: 'csv', byte_order_mark: true }),
      slow,
    );
  }, 60_000);

  it('wants a site when a site is meant, and tells what the platform refuses', async () => {
    const user = userEvent.setup();
    open_app('/exports/new');
    await user.selectOptions(await screen.findByLabelText('设备范围', undefined, slow), '一个站点的全部设备');
    await user.click(screen.getByRole('button', { name: '开始导出' }));
    expect(screen.getByText('请选择站点')).toBeInTheDocument();
    world.intercept = ({ path, method }) =>
      path === '/api/v1/exports' && method === 'POST'
        ? { status: 429, body: { code: 'throttled', message: 'too many', request_id: 'r1' } }
        : undefined;
    await user.selectOptions(screen.getByLabelText('设备范围'), '我能看到的全部设备');
    await user.click(screen.getByRole('button', { name: '开始导出' }));
    expect(await screen.findByRole('alert', undefined, slow)).toBeInTheDocument();
  }, 60_000);

  it('shows an error of the list with a way to try again', async () => {
    world.intercept = ({ path }) =>
      path === '/api/v1/exports' ? { status: 404, body: { code: 'internal', message: 'no', request_id: 'r2' } } : undefined;
    open_app('/exports');
    expect(await screen.findByRole('alert', undefined, slow)).toBeInTheDocument();
  });
});

describe('importing history', () => {
  it('reports line by line and imports only when told', async () => {
    const user = userEvent.setup();
    open_app('/exports/import');
    const choose = await screen.findByLabelText('选择数据文件', { selector: 'input' }, slow);
    await user.upload(choose, new File(['device_uid,register,time,value\n'], 'old.csv', { type: 'text/csv' }));
    expect(await screen.findByText('共 600 行，597 行可以导入', undefined, slow)).toBeInTheDocument();
    const table = screen.getByRole('table', { name: '检查结果' });
    expect(within(table).getByText('设备不存在')).toBeInTheDocument();
    expect(within(table).getByText('与库中不同')).toBeInTheDocument();
    expect(screen.getByText('1 行与库中不同，两者都保留并标明冲突')).toBeInTheDocument();
    expect(screen.getByRole('link', { name: '下载完整报告' })).toHaveAttribute('href', '/api/v1/history-imports/1/report');
    expect(bodies('/api/v1/history-imports/1/commit')).toEqual([]);
    await user.click(screen.getByRole('button', { name: '只导入没有错的 597 行' }));
    expect(await screen.findByText('已导入 597 行，每行都作为原始证据存档', undefined, slow)).toBeInTheDocument();
    expect(bodies('/api/v1/history-imports/1/commit')).toEqual([{ mode: 'good_lines' }]);
    await user.click(screen.getByRole('button', { name: '再导入一个文件' }));
    expect(await screen.findByRole('button', { name: 'old.csv' }, slow)).toBeInTheDocument();
  }, 60_000);
});

describe('figures', () => {
  it('makes whole days of the zone', () => {
    expect(range_of('2026-11-05', '2026-11-05', 'Asia/Shanghai')).toEqual({
      from: '2026-11-04T16:00:00.000Z',
      to: '2026-11-05T16:00:00.000Z',
    });
    expect(range_of('2026-11-30', '2026-11-30', 'UTC')?.to).toBe('2026-12-01T00:00:00.000Z');
    expect(range_of('2026-11-06', '2026-11-05', 'UTC')).toBeNull();
    expect(range_of('', '2026-11-05', 'UTC')).toBeNull();
  });

  it('says sizes as people do', () => {
    expect(size_text(0, 'en')).toBe('0 B');
    expect(size_text(1_536, 'en')).toBe('1.5 KiB');
    expect(size_text(150 * 1024 * 1024, 'en')).toBe('150 MiB');
  });
});
