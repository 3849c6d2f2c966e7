// @vitest-environment jsdom
import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';
import type { RegisterLatest } from '../../api/types.ts';
import { AppProviders } from '../../app.tsx';
import { is_number_text } from './edit_tools.ts';
import { days_between, FillGapDialog } from './fill_gap_dialog.tsx';
import VersionDrawer from './version_drawer.tsx';
import { read_value_place } from './version_link.tsx';

const slow = { timeout: 18_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});
const sent = (path: RegExp) =>
  world.requests.filter((request) => path.test(request.path) && request.method === 'POST').map(({ body }) => body);

const by_itself = (part: ReactNode) =>
  render(
    <AppProviders>
      <MemoryRouter>{part}</MemoryRouter>
    </AppProviders>,
  );

async function drawer() {
  const user = userEvent.setup();
  by_itself(<VersionDrawer series={100} time="2026-11-20T08:00:00.000Z" time_zone="Asia/Shanghai" on_close={() => undefined} />);
  const read = await screen.findByText('采集读数', undefined, slow);
  return { user, list: read.closest('ol') as HTMLElement };
}

describe('where a value comes from', () => {
  it('is shown with its frame, corrected with a reason, and withdrawn', async () => {
    const { user, list } = await drawer();
    expect(within(list).getByText('采集读数')).toBeInTheDocument();
    expect(within(list).getByRole('link', { name: '查看报文' })).toBeInTheDocument();
    const save = screen.getByRole('button', { name: '保存' });

    await user.click(save);
    expect(screen.getByText('请输入数字')).toBeInTheDocument();
    expect(screen.getByText('必填')).toBeInTheDocument();
    expect(sent(/edits$/)).toEqual([]);

    await user.type(screen.getByLabelText('新数值'), '1234.56');
    await user.type(screen.getByLabelText('原因'), '照片 17');
    await user.click(save);
    expect(await within(list).findByText('更正', undefined, slow)).toBeInTheDocument();
    expect(within(list).getByText('照片 17')).toBeInTheDocument();
    expect(within(list).getAllByText('现行值')).toHaveLength(1);
    const first = sent(/edits$/)[0] as { kind: string; values: { expected: string; value: string }[] };
    expect(first.kind).toBe('correction');
    expect(first.values[0]?.value).toBe('1234.56');
    expect(first.values[0]?.expected).toMatch(/^\d+\.\d\d$/);

    await user.type(screen.getByLabelText('原因'), '看错了');
    await user.click(await screen.findByRole('button', { name: '撤回现行变更' }));
    expect(await within(list).findByText('撤回', undefined, slow)).toBeInTheDocument();
    expect(sent(/edits$/)[1]).toMatchObject({ kind: 'withdrawal', values: [{ expected: '1234.56' }] });
    expect(within(list).getAllByRole('listitem')).toHaveLength(3);
  }, 60_000);

  it('says so when somebody was faster', async () => {
    const { user } = await drawer();
    world.intercept = ({ path, method }) =>
      method === 'POST' && path.endsWith('/edits')
        ? { status: 409, body: { code: 'conflict', message: 'look again', request_id: 'r' } }
        : undefined;
    await user.type(screen.getByLabelText('新数值'), '1');
    await user.type(screen.getByLabelText('原因'), 'r');
    await user.click(screen.getByRole('button', { name: '保存' }));
    expect(await screen.findByText(/在您查看之后数值已变/, undefined, slow)).toBeInTheDocument();
  }, 60_000);

  it('offers nothing to whoever may not edit, and tells a refusal', async () => {
    world.intercept = ({ path }) =>
      path.endsWith('/versions')
        ? {
            status: 200,
            body: {
              series_id: 100,
              register: 'voltage_a',
              unit: 'V',
              exponent: -1,
              time: '2026-11-20T08:00:00.000Z',
              editable: false,
              versions: [],
            },
          }
        : undefined;
    open_app('/devices/1?value=100@2026-11-20T08:00:00.000Z');
    expect(await screen.findByText('这一时刻没有任何记录', undefined, slow)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: '保存' })).not.toBeInTheDocument();
  }, 60_000);
});

describe('a gap', () => {
  it('is looked at first, then filled with exactly what was shown', async () => {
    const register: RegisterLatest = {
      series_id: 100,
      register: 'energy_active_import_total',
      unit: 'kWh',
      exponent: -2,
      kind: 'decimal',
      latest: null,
    };
    const user = userEvent.setup();
    by_itself(<FillGapDialog register={register} time_zone="Asia/Shanghai" interval_s={900} on_close={() => undefined} />);
    await user.selectOptions(screen.getByLabelText('方法'), '前四周同一星期几的走势');
    await user.click(screen.getByRole('button', { name: '预览' }));
    expect(await screen.findByText('将写入 2 个估算值，已有 94 个读数', undefined, slow)).toBeInTheDocument();
    const write = screen.getByRole('button', { name: '写入 2 个估算值' });
    await user.click(write);
    expect(screen.getByText('必填')).toBeInTheDocument();
    expect(sent(/estimates$/)).toHaveLength(1);
    await user.type(screen.getByLabelText('原因'), '通信中断');
    await user.click(write);
    expect(await screen.findByText(/已写入 2 个估算值/, undefined, slow)).toBeInTheDocument();
    expect(sent(/estimates$/)).toMatchObject([
      { preview: true, method: 'same_weekdays', interval_s: 900 },
      { preview: false, method: 'same_weekdays', reason: '通信中断', fingerprint: 'ab12' },
    ]);
    await user.selectOptions(screen.getByLabelText('方法'), '两侧读数线性内插');
    expect(screen.queryByText(/将写入/)).not.toBeInTheDocument();
  }, 60_000);
});

describe('texts', () => {
  it('takes numbers as meters write them', () => {
    for (const good of ['0', '224.80', '-3.5', ' 12 ']) expect(is_number_text(good)).toBe(true);
    for (const bad of ['', '1e3', '1,5', '.5', 'x', '1.2.3']) expect(is_number_text(bad)).toBe(false);
  });
  it('reads places and days', () => {
    expect(read_value_place('12@2026-11-20T08:00:00.000Z')).toEqual({ series: 12, time: '2026-11-20T08:00:00.000Z' });
    for (const bad of [null, '', 'x@y', '1@2026']) expect(read_value_place(bad)).toBeNull();
    expect(days_between('2026-11-20', '2026-11-21', 'Asia/Shanghai')).toEqual({
      from: '2026-11-19T16:00:00.000Z',
      to: '2026-11-21T16:00:00.000Z',
    });
    expect(days_between('2026-11-22', '2026-11-21', 'Asia/Shanghai')).toBeNull();
  });
});
