// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';

const slow = { timeout: 8_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});
const sent = (path: RegExp) =>
  world.requests.filter((request) => path.test(request.path) && request.method === 'POST').map(({ body }) => body);

/** The stub's session is an operator's. */
function as_administrator() {
  world.intercept = ({ path }) =>
    path === '/api/v1/session'
      ? {
          status: 200,
          body: {
            user: 'demo',
            role: 'admin',
            organisation: null,
            whole_platform: true,
            must_change_password: false,
            expires: '2099-01-01T00:00:00Z',
          },
        }
      : undefined;
}

async function with_point() {
  await fetch('/api/v1/points', {
    method: 'POST',
    headers: { 'X-Duheng-Request': '1' },
    body: JSON.stringify({ name: '一号户', organisation_id: 2 }),
  });
  world.requests.length = 0;
}

describe('tariffs', () => {
  it('lists them, and makes a new one once everything is said', async () => {
    as_administrator();
    const user = userEvent.setup();
    open_app('/tariffs');
    expect(await screen.findByRole('button', { name: '打开价类 居民生活' }, slow)).toBeInTheDocument();
    expect(screen.getByText(/已停用/)).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: '新增价类' }));
    const dialog = screen.getByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: '保存' }));
    expect(within(dialog).getAllByText('请填写').length).toBeGreaterThan(1);
    expect(sent(/tariffs$/)).toEqual([]);
    await user.type(within(dialog).getByLabelText('代码'), 'farming');
    await user.type(within(dialog).getByLabelText('中文名称'), '农业生产');
    await user.type(within(dialog).getByLabelText('英文名称'), 'Agriculture');
    await user.type(within(dialog).getByLabelText('起始日'), '2021-01-01');
    await user.click(within(dialog).getByRole('button', { name: '保存' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument(), slow);
    expect(sent(/tariffs$/)).toEqual([
      {
        code: 'farming',
        name_zh: '农业生产',
        name_en: 'Agriculture',
        utility: 'electricity',
        valid_from: '2021-01-01',
        valid_to: null,
      },
    ]);
    expect(await screen.findByRole('button', { name: '打开价类 农业生产' }, slow)).toBeInTheDocument();
  });

  it('shows an operator the list and offers no change', async () => {
    const user = userEvent.setup();
    open_app('/tariffs');
    await user.click(await screen.findByRole('button', { name: '打开价类 居民生活' }, slow));
    expect(screen.queryByRole('button', { name: '新增价类' })).not.toBeInTheDocument();
    expect(within(screen.getByRole('dialog')).queryByRole('button', { name: '修改' })).not.toBeInTheDocument();
  });

  it('changes one only with a reason, and shows what it said before', async () => {
    as_administrator();
    const user = userEvent.setup();
    open_app('/tariffs');
    await user.click(await screen.findByRole('button', { name: '打开价类 居民生活' }, slow));
    const dialog = screen.getByRole('dialog');
    expect(await within(dialog).findByText('第 1 版', undefined, slow)).toBeInTheDocument();
    await user.click(within(dialog).getByRole('button', { name: '修改' }));
    expect(sent(/tariffs\/1$/)).toEqual([]);
    await user.type(within(dialog).getByLabelText('中文名称'), '用电');
    await user.type(within(dialog).getByLabelText('原因'), '更名');
    await user.click(within(dialog).getByRole('button', { name: '修改' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument(), slow);
    expect(sent(/tariffs\/1$/)[0]).toMatchObject({ name_zh: '居民生活用电', version: 1, reason: '更名' });
  });

  it('sets the tariff of a point from a day on, and withdraws it with a reason', async () => {
    await with_point();
    const user = userEvent.setup();
    open_app('/points/1');
    expect(await screen.findByText('还没有登记价类', undefined, slow)).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: '登记价类' }));
    const dialog = screen.getByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: '保存' }));
    expect(within(dialog).getByText('请填写')).toBeInTheDocument();
    await user.selectOptions(within(dialog).getByLabelText('价类'), '一般工商业');
    await user.clear(within(dialog).getByLabelText('从哪一天起'));
    await user.type(within(dialog).getByLabelText('从哪一天起'), '2026-06-16');
    await user.click(within(dialog).getByRole('button', { name: '保存' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument(), slow);
    expect(sent(/points\/1\/tariffs$/)).toEqual([{ tariff_id: 2, from: '2026-06-16', reason: '' }]);
    await user.click(await screen.findByRole('button', { name: '撤销从 2026-06-16 起的登记' }, slow));
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: '撤销' }));
    expect(sent(/withdraw$/)).toEqual([]);
    await user.type(within(screen.getByRole('dialog')).getByLabelText('原因'), '登记错误');
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: '撤销' }));
    await waitFor(() => expect(sent(/withdraw$/)).toEqual([{ reason: '登记错误' }]), slow);
    expect(await screen.findByText(/已撤销/, undefined, slow)).toBeInTheDocument();
  });
});
