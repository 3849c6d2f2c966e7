// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';
import { api } from '../../api/client.ts';
import type { NewJob } from '../../api/types.ts';

const slow = { timeout: 8_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});
const made = () =>
  world.requests.filter(({ path, method }) => path === '/api/v1/jobs' && method === 'POST').map(({ body }) => body as NewJob);
const whereabouts = () => screen.getByTestId('whereabouts').textContent;

async function control() {
  const user = userEvent.setup();
  open_app('/devices/1/control');
  await screen.findByRole('heading', { name: '命令' }, slow);
  return user;
}

describe('the control part', () => {
  it('reads a register now and shows the value and its frames', async () => {
    const user = await control();
    await user.click(screen.getByRole('button', { name: '读取A 相电压' }));
    const result = (await screen.findByText('完成', undefined, slow)).closest('.order-result') as HTMLElement;
    expect(within(result).getByText('A 相电压')).toBeInTheDocument();
    expect(within(result).getByText('报文 1 组')).toBeInTheDocument();
    expect(made()).toEqual([{ kind: 'read', device_ids: [1], registers: ['voltage_a'] }]);
  });

  it('cuts supply only with a reason and after a second look', async () => {
    const user = await control();
    await user.click(screen.getByRole('button', { name: '拉闸' }));
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: '下一步' }));
    expect(within(dialog).getAllByText('请填写')).toHaveLength(2);
    expect(made()).toEqual([]);

    await user.type(within(dialog).getByLabelText('原因'), '欠费');
    await user.type(within(dialog).getByLabelText('表计密码'), '123456');
    await user.click(within(dialog).getByRole('button', { name: '下一步' }));
    await user.click(await within(dialog).findByRole('button', { name: '确认拉闸' }, slow));
    expect(await within(dialog).findByText('完成', undefined, slow)).toBeInTheDocument();
    expect(made()[0]).toMatchObject({ kind: 'command', name: 'relay_trip', reason: '欠费', access: { password: '123456' } });
    expect(world.requests.some(({ path }) => path === '/api/v1/jobs/1/confirm')).toBe(true);
  });

  it('leaves nothing standing when the dialog is closed unconfirmed', async () => {
    const user = await control();
    await user.click(screen.getByRole('button', { name: '拉闸' }));
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByLabelText('原因'), '试');
    await user.type(within(dialog).getByLabelText('表计密码'), '1');
    await user.click(within(dialog).getByRole('button', { name: '下一步' }));
    await within(dialog).findByRole('button', { name: '确认拉闸' }, slow);
    await user.click(within(dialog).getByRole('button', { name: '取消' }));
    await waitFor(() => expect(world.requests.some(({ path }) => path === '/api/v1/jobs/1/cancel')).toBe(true));
    expect(world.requests.some(({ path }) => path === '/api/v1/jobs/1/confirm')).toBe(false);
  });

  it('writes a parameter within its range and shows the read-back', async () => {
    const user = await control();
    const value = screen.getByLabelText('第 1 结算日');
    const form = value.closest('form') as HTMLElement;
    await user.type(value, '31');
    await user.type(within(form).getByLabelText('表计密码'), '1');
    await user.click(within(form).getByRole('button', { name: '写入' }));
    expect(await within(form).findByText('大于最大值')).toBeInTheDocument();
    expect(made()).toEqual([]);
    await user.clear(value);
    await user.type(value, '5');
    await user.click(within(form).getByRole('button', { name: '写入' }));
    expect(await within(form).findByText('回读', undefined, slow)).toBeInTheDocument();
    expect(made()[0]).toMatchObject({ kind: 'parameter', name: 'settlement_day_1', arguments: { value: '5' } });
  });

  it('offers nothing that cuts off a protected customer', async () => {
    world.intercept = ({ path }) =>
      path === '/api/v1/devices/1/connection'
        ? {
            status: 200,
            body: {
              device_id: 1,
              gateway: null,
              channel: null,
              address: '1',
              model: 'dlt645_three_phase',
              from_plan: true,
              retired: false,
              has_access: true,
              protection: { reason: '医院', by: 'admin', since: '2026-11-01T00:00:00.000Z' },
              state: null,
            },
          }
        : undefined;
    await control();
    expect(screen.getByRole('button', { name: '拉闸' })).toBeDisabled();
    expect(screen.getByText('该用户受保护，不得停供：医院')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: '合闸允许' })).toBeEnabled();
  });

  it('says so when the account may only look', async () => {
    world.intercept = ({ path, method }) =>
      path === '/api/v1/session' && method === 'GET'
        ? {
            status: 200,
            body: {
              user: 'viewer',
              role: 'viewer',
              organisation: '滨江能源',
              whole_platform: false,
              must_change_password: false,
              expires: new Date(Date.now() + 1e7).toISOString(),
            },
          }
        : undefined;
    open_app('/devices/1/control');
    expect(await screen.findByText('您的账户只能查看', undefined, slow)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: '拉闸' })).not.toBeInTheDocument();
  });
});

describe('a batch job', () => {
  it('is made for the devices of a filter, watched, and its results looked into', async () => {
    const user = userEvent.setup();
    open_app('/jobs/new');
    await user.click(await screen.findByRole('checkbox', { name: 'A 相电压' }, slow));
    await user.selectOptions(screen.getByLabelText('站点'), '翠湖花园');
    await user.click(await screen.findByRole('button', { name: '对 125 块表执行' }, slow));
    await waitFor(() => expect(whereabouts()).toBe('/jobs/1'), slow);
    expect(made()).toEqual([
      { kind: 'read', filter: { site_id: 1, model: 'dlt645_three_phase' }, registers: ['voltage_a'], lifetime_s: 600 },
    ]);
    const table = await screen.findByRole('table', { name: '逐表结果' }, slow);
    await within(table).findAllByText('完成', undefined, slow);
    await user.click(within(table).getAllByRole('button', { name: '查看' })[0] as HTMLElement);
    expect(await screen.findByRole('dialog')).toHaveTextContent('翠湖花园');
  });

  it('that cuts supply of many waits for another person', async () => {
    const user = userEvent.setup();
    open_app('/jobs/new');
    await user.selectOptions(await screen.findByLabelText('种类', undefined, slow), '命令');
    await user.selectOptions(screen.getByLabelText('命令'), '拉闸');
    const start = screen.getByRole('button', { name: '对 1,000 块表执行' });
    await user.click(start);
    expect(screen.getByText('请填写')).toBeInTheDocument();
    await user.type(screen.getByLabelText('原因'), '检修');
    await user.click(start);
    await waitFor(() => expect(whereabouts()).toBe('/jobs/1'), slow);
    expect(await screen.findByText(/需要另一位运维员确认/, undefined, slow)).toBeInTheDocument();
    expect(screen.queryByRole('button', { name: '确认执行' })).not.toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: '取消任务' }));
    expect(await screen.findAllByText('已取消', undefined, slow)).not.toHaveLength(0);
  });
});

describe('the operation log', () => {
  it('says who did what, filters, and offers the file', async () => {
    const user = userEvent.setup();
    await api.create_job({ kind: 'read', device_ids: [1], registers: ['voltage_a'] });
    open_app('/jobs/log');
    const table = await screen.findByRole('table', { name: '操作日志' }, slow);
    expect(within(table).getByText('operator')).toBeInTheDocument();
    expect(within(table).getByRole('link', { name: '创建任务' })).toHaveAttribute('href', '/jobs/1');
    await user.selectOptions(screen.getByLabelText('操作'), 'cancel_job');
    expect(await screen.findByText('没有找到', undefined, slow)).toBeInTheDocument();
    await user.selectOptions(screen.getByLabelText('操作'), 'create_job');
    expect(await screen.findByRole('link', { name: '导出 CSV' })).toHaveAttribute(
      'href',
      '/api/v1/operations/export?action=create_job',
    );
    await user.type(screen.getByLabelText('用户'), 'nobody{Enter}');
    expect(await screen.findByText('没有找到', undefined, slow)).toBeInTheDocument();
    expect(world.requests.at(-1)?.path).toBe('/api/v1/operations');
  });
});
