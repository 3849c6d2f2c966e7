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
const bodies = (wanted: string, method = 'POST') =>
  world.requests.filter((request) => request.path === wanted && request.method === method).map(({ body }) => body);

describe('adding one meter', () => {
  it('asks for what is missing, shows the refusal at its field, then adds on a new channel', async () => {
    const user = userEvent.setup();
    open_app('/onboarding');
    await user.click(await screen.findByRole('button', { name: '添加' }, slow));
    expect(screen.getAllByText('请填写')).toHaveLength(3);
    expect(bodies('/api/v1/devices')).toEqual([]);

    await user.selectOptions(screen.getByLabelText('型号'), '三相电能表（DL/T 645-2007）');
    await user.type(screen.getByLabelText('表地址'), '12x');
    await user.selectOptions(screen.getByLabelText('网关'), 'gw-east-01');
    await user.selectOptions(await screen.findByLabelText('通道', undefined, slow), '新建通道');
    await user.type(screen.getByLabelText('通道名称'), 'tower-9');
    await user.type(screen.getByLabelText('主机'), '10.8.0.9');
    await user.type(screen.getByLabelText('端口'), '10001');
    await user.click(screen.getByRole('button', { name: '添加' }));
    expect(await screen.findByText('地址须为 1 至 12 位数字', undefined, slow)).toBeInTheDocument();
    expect(screen.getByLabelText('表地址')).toHaveAttribute('aria-invalid', 'true');

    await user.clear(screen.getByLabelText('表地址'));
    await user.type(screen.getByLabelText('表地址'), '202600000999');
    await user.click(screen.getByRole('button', { name: '添加' }));
    expect(await screen.findByRole('link', { name: '202600000999' }, slow)).toBeInTheDocument();
    expect(bodies('/api/v1/devices')[1]).toEqual({
      model: 'dlt645_three_phase',
      gateway_id: 1,
      channel: 'tower-9',
      address: '202600000999',
      new_channel: { name: 'tower-9', kind: 'tcp', host: '10.8.0.9', port: 10001 },
    });
  });
});

describe('adding by file', () => {
  it('checks first, shows what is wrong, and adds only when told', async () => {
    const user = userEvent.setup();
    open_app('/onboarding/file');
    const choose = await screen.findByLabelText('选择文件', { selector: 'input' }, slow);
    await user.upload(choose, new File(['uid,address\n'], 'meters.csv', { type: 'text/csv' }));
    expect(await screen.findByText('地址与第 9 行相同', undefined, slow)).toBeInTheDocument();
    expect(screen.getByText('共 120 行，118 行可以添加')).toBeInTheDocument();
    expect(bodies('/api/v1/device-imports/1/commit')).toEqual([]);
    await user.click(screen.getByRole('button', { name: '只添加没有问题的 118 块' }));
    expect(await screen.findByText('已添加 118 块表', undefined, slow)).toBeInTheDocument();
    expect(bodies('/api/v1/device-imports/1/commit')).toEqual([{ mode: 'good_lines' }]);
  });
});

describe('meters that called in', () => {
  it('are adopted as one chose', async () => {
    const user = userEvent.setup();
    open_app('/onboarding/called-in');
    await user.click(await screen.findByRole('checkbox', { name: '202699000001' }, slow));
    await user.click(screen.getByRole('button', { name: '认领' }));
    await waitFor(() => expect(screen.queryByText('202699000001')).not.toBeInTheDocument(), slow);
    expect(bodies('/api/v1/unknown-devices/adopt')).toEqual([{ devices: [{ id: 1, model: 'dlt645_three_phase' }] }]);
    expect(screen.getByText('202699000002')).toBeInTheDocument();
  });
});

describe('the connection part', () => {
  it('shows the line, keeps a password without showing it, protects and retires', async () => {
    const user = userEvent.setup();
    open_app('/devices/1/connection');
    expect(await screen.findByText('48,160', undefined, slow)).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: '保存密码' }));
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByLabelText('表计密码')).toHaveAttribute('type', 'password');
    await user.type(within(dialog).getByLabelText('表计密码'), '000000');
    await user.click(within(dialog).getByRole('button', { name: '保存密码' }));
    expect(await screen.findByText('已保存', { exact: false }, slow)).toBeInTheDocument();
    expect(bodies('/api/v1/devices/1/access', 'PUT')).toEqual([{ password: '000000' }]);

    await user.click(screen.getByRole('button', { name: '停用' }));
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: '停用' }));
    expect(await screen.findByText('该表计已停用；历史保留。', undefined, slow)).toBeInTheDocument();
  });
});

describe('a gateway', () => {
  it('shows its plan with what was not taken, and takes a new channel', async () => {
    const user = userEvent.setup();
    open_app('/gateways/1');
    expect(await screen.findByText('型号 dlt645-x 不在网关的型号库里', undefined, slow)).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: '添加通道' }));
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByLabelText('通道名称'), 'tower-3');
    await user.type(within(dialog).getByLabelText('主机'), '10.8.0.1');
    await user.type(within(dialog).getByLabelText('端口'), '1');
    await user.click(within(dialog).getByRole('button', { name: '添加通道' }));
    expect(await within(dialog).findByText('已有同名通道', undefined, slow)).toBeInTheDocument();
  });
});
