// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';
import { delay_text } from './completeness_page.tsx';

const slow = { timeout: 8_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});
const asked = (path: RegExp) => world.requests.filter((request) => path.test(request.path)).map(({ query }) => query);

describe('reading success', () => {
  it('shows rates by day, what is missing and why, and when days were ready', async () => {
    open_app('/completeness?from=2026-11-01&to=2026-11-03');
    const days = await screen.findByRole('table', { name: '逐日采集成功率' }, slow);
    expect(within(days).getAllByRole('row').length).toBe(5);
    expect(within(days).getByText('合计')).toBeInTheDocument();
    expect(within(days).getAllByText('47880 / 48000').length).toBe(3);
    const missing = await screen.findByRole('table', { name: '缺数设备' }, slow);
    expect(within(missing).getAllByText('设备不应答').length).toBeGreaterThan(0);
    expect(within(missing).getAllByText('从未通信').length).toBeGreaterThan(0);
    const ready = await screen.findByRole('table', { name: '结算就绪时间' }, slow);
    expect(within(ready).getAllByText('+0:07:15').length).toBe(3);
    expect(within(ready).getByText('尚未就绪')).toBeInTheDocument();
    expect(asked(/completeness\/missing$/)[0]?.get('day')).toBe('2026-11-03');
  });

  it('asks for one cause and one group, and has that read again', async () => {
    const user = userEvent.setup();
    open_app('/completeness?from=2026-11-01&to=2026-11-03');
    await screen.findByRole('table', { name: '缺数设备' }, slow);
    await user.selectOptions(screen.getByLabelText('原因'), 'key');
    await waitFor(
      () =>
        expect(
          asked(/completeness\/missing$/)
            .at(-1)
            ?.get('cause'),
        ).toBe('key'),
      slow,
    );
    await user.selectOptions(screen.getByLabelText('分组'), 'gateway');
    await waitFor(
      () =>
        expect(
          asked(/v1\/completeness$/)
            .at(-1)
            ?.get('group'),
        ).toBe('gateway'),
      slow,
    );
    await user.click(await screen.findByRole('button', { name: '批量补采' }, slow));
    expect(await screen.findByText(/已建任务 1 个，共 15 台设备/, undefined, slow)).toBeInTheDocument();
    const made = world.requests.find(({ method, path }) => method === 'POST' && path.endsWith('/reread'));
    expect(made?.body).toEqual({ register: 'energy_active_import_total', day: '2026-11-03', cause: 'key' });
  });

  it('tells that it failed', async () => {
    world.intercept = ({ path }) =>
      path === '/api/v1/completeness'
        ? { status: 503, body: { code: 'unavailable', message: '聚合正在重建', request_id: 'a1' } }
        : undefined;
    open_app('/completeness');
    expect(await screen.findByText('聚合正在重建', undefined, slow)).toBeInTheDocument();
  });

  it('writes delays as hours, minutes, seconds', () => {
    expect(delay_text(435)).toBe('+0:07:15');
    expect(delay_text(90_061)).toBe('+25:01:01');
    expect(delay_text(-5)).toBe('-0:00:05');
  });
});

describe('values under review', () => {
  it('lists open findings and takes a decision', async () => {
    const user = userEvent.setup();
    open_app('/review');
    const table = await screen.findByRole('table', { name: '待审核数据表' }, slow);
    expect(within(table).getAllByRole('row').length).toBe(9);
    expect(asked(/value-findings$/)[0]?.get('state')).toBe('open');
    await user.click(within(table).getAllByRole('button', { name: '处理' })[0] as HTMLElement);
    const dialog = await screen.findByRole('dialog', undefined, slow);
    await user.click(within(dialog).getByRole('button', { name: '保存' }));
    expect(world.requests.some(({ path }) => path.endsWith('/decision'))).toBe(false); // a reason is needed
    await user.selectOptions(within(dialog).getByLabelText('处理方式'), 'estimate');
    await user.click(within(dialog).getByRole('button', { name: '试算' }));
    expect(await within(dialog).findByText('1,210.60', undefined, slow)).toBeInTheDocument();
    await user.type(within(dialog).getByLabelText('原因'), 'dip');
    await user.click(within(dialog).getByRole('button', { name: '保存' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).not.toBeInTheDocument(), slow);
    const body = world.requests.filter(({ path }) => path.endsWith('/decision')).at(-1)?.body;
    expect(body).toEqual({ action: 'estimate', method: 'linear', reason: 'dip' });
    await waitFor(() => expect(within(table).getAllByRole('row').length).toBe(8), slow);
  });

  it('keeps its filters in the address, and says when there is nothing', async () => {
    open_app('/review?rule=voltage_implausible&state=any');
    expect(await screen.findByText('没有需要审核的数据', undefined, slow)).toBeInTheDocument();
    expect(asked(/value-findings$/)[0]?.get('rule')).toBe('voltage_implausible');
    expect(asked(/value-findings$/)[0]?.get('state')).toBeNull();
  });

  it('is told on the page of a device', async () => {
    open_app('/devices/1/aggregates');
    const link = await screen.findByRole('link', { name: '查看' }, slow);
    expect(link).toHaveAttribute('href', '/review?device=1');
  });
});
