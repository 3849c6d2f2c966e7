// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';
import { faults_of, installation_of, local_time, no_installation } from './installation.ts';

const slow = { timeout: 8_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});
const sent = (path: RegExp) =>
  world.requests.filter((request) => path.test(request.path) && request.method === 'POST').map(({ body }) => body);

async function with_point() {
  await fetch('/api/v1/points', {
    method: 'POST',
    headers: { 'X-Duheng-Request': '1' },
    body: JSON.stringify({
      name: '一号厅',
      organisation_id: 2,
      at: '2026-11-01T00:00:00.000Z',
      installation: { device_id: 1, registers: [{ name: 'energy_active_import_total', digits: 8, start: '3.00' }] },
    }),
  });
  world.requests.length = 0;
}

describe('metering points', () => {
  it('shows an empty list, then a point that leads to its page', async () => {
    open_app('/points');
    expect(await screen.findByText('还没有计量点', undefined, slow)).toBeInTheDocument();
  });

  it('exchanges a meter step by step, in one request', async () => {
    await with_point();
    const user = userEvent.setup();
    open_app('/points/1');
    await user.click(await screen.findByRole('button', { name: '换表' }, slow));
    const dialog = screen.getByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: '下一步' }));
    expect(within(dialog).getByText('请输入数字')).toBeInTheDocument();
    await user.type(within(dialog).getByLabelText(/^止码/), '150.50');
    await user.click(within(dialog).getByRole('button', { name: '下一步' }));
    await user.type(within(dialog).getByLabelText('表计编号'), '2');
    await user.type(within(dialog).getByLabelText('起码'), '0.00');
    await user.click(within(dialog).getByRole('button', { name: '下一步' }));
    expect(within(dialog).getByText('150.50')).toBeInTheDocument();
    await user.type(within(dialog).getByLabelText('换装时间'), '2026-11-10T09:30');
    await user.type(within(dialog).getByLabelText('原因'), '到期轮换');
    expect(sent(/exchange$/)).toEqual([]);
    await user.click(within(dialog).getByRole('button', { name: '确认换装' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument(), slow);
    expect(sent(/exchange$/)).toEqual([
      {
        at: '2026-11-10T01:30:00.000Z',
        reason: '到期轮换',
        ends: [{ name: 'energy_active_import_total', value: '150.50' }],
        installation: {
          device_id: 2,
          registers: [
            {
              name: 'energy_active_import_total',
              ratio_numerator: 1,
              ratio_denominator: 1,
              start: '0.00',
              digits: 8,
            },
          ],
        },
      },
    ]);
    expect(await screen.findByText('表计 2', undefined, slow)).toBeInTheDocument();
  });

  it('shows what a figure stands on', async () => {
    await with_point();
    const user = userEvent.setup();
    open_app('/points/1');
    await user.click(await screen.findByRole('button', { name: /合计 的计算依据$/ }, slow));
    const dialog = screen.getByRole('dialog');
    expect(within(dialog).getByText('存疑')).toBeInTheDocument();
    expect(within(dialog).getByText('不明回退，按 0 计')).toBeInTheDocument();
    expect(within(dialog).getAllByRole('link', { name: /变更历史/ })).toHaveLength(2);
  });

  it('tells a point that is not there', async () => {
    open_app('/points/99');
    expect(await screen.findByRole('heading', { level: 1 }, slow)).toBeInTheDocument();
    expect(screen.queryByText('装表历史')).not.toBeInTheDocument();
  });
});

describe('an installation', () => {
  it('is checked and made of texts', () => {
    expect(faults_of(no_installation)).toEqual(['device', 'start']);
    const input = { ...no_installation, device: '7', start: '1.50', ratio: '80' };
    expect(faults_of(input)).toEqual([]);
    expect(faults_of({ ...input, ratio: '0', digits: '19' })).toEqual(['ratio', 'digits']);
    expect(installation_of(input).registers[0]).toMatchObject({ ratio_numerator: 80, start: '1.50', digits: 8 });
    expect(local_time('2026-11-10T09:30', 'Asia/Shanghai')).toBe('2026-11-10T01:30:00.000Z');
    expect(local_time('2026-11-10', 'Asia/Shanghai')).toBeNull();
  });
});
