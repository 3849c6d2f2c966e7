// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';

const slow = { timeout: 20_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});
const bodies = (wanted: string) =>
  world.requests.filter((request) => request.path === wanted && request.method === 'POST').map(({ body }) => body);

describe('alarms', () => {
  it('shows the worst first, with what hangs under a cause, and counts them in the navigation', async () => {
    const user = userEvent.setup();
    open_app('/alarms');
    const first = await screen.findByText('同一序号内容不同', { selector: 'button' }, slow);
    const rows = first.closest('tbody') as HTMLElement;
    expect(within(rows.querySelectorAll('tr')[0] as HTMLElement).getByText('超时未确认')).toBeInTheDocument();
    expect(rows.querySelectorAll('tr')).toHaveLength(50);
    expect(within(rows.querySelectorAll('tr')[1] as HTMLElement).getByText('影响 213 个对象')).toBeInTheDocument();
    expect(screen.getByText('62 条未确认告警')).toBeInTheDocument();
    await user.click(screen.getByText('网关离线', { selector: 'button' }));
    expect(await screen.findByText('检查网关供电和上行网络。', undefined, slow)).toBeInTheDocument();
    const dialog = screen.getByRole('dialog');
    await waitFor(() => expect(dialog.querySelectorAll('.alarm-affected li')).toHaveLength(20), slow);
  }, 60_000);

  it('acknowledges one with a note', async () => {
    const user = userEvent.setup();
    open_app('/alarms?alarm=1');
    const dialog = within(await screen.findByRole('dialog', undefined, slow));
    await user.click(await dialog.findByText('确认', undefined, slow));
    await user.type(dialog.getByLabelText('备注'), '已派人');
    await user.click(dialog.getByText('确认', { selector: 'button' }));
    await dialog.findByText('已派人', undefined, slow);
    expect(bodies('/api/v1/alarm-acknowledgements')).toEqual([{ ids: [1], note: '已派人' }]);
  }, 60_000);

  it('shelves those chosen, not without a reason', async () => {
    const user = userEvent.setup();
    open_app('/alarms?severity=major');
    const boxes = await screen.findAllByRole('checkbox', { name: /选择/ }, slow);
    expect(boxes).toHaveLength(2);
    await user.click(boxes[0] as HTMLElement);
    await user.click(boxes[1] as HTMLElement);
    await user.click(screen.getByText('搁置', { selector: 'button' }));
    const dialog = within(screen.getByRole('dialog'));
    expect(dialog.getByText('搁置', { selector: 'button' })).toBeDisabled();
    await user.type(dialog.getByLabelText('原因（必填）'), '检修');
    await user.click(dialog.getByText('搁置', { selector: 'button' }));
    expect(await screen.findByText('没有告警', undefined, slow)).toBeInTheDocument();
    const sent = bodies('/api/v1/alarm-shelvings')[0] as { ids: number[]; reason: string; until: string };
    expect(sent).toMatchObject({ ids: [1, 2], reason: '检修' });
    expect(Date.parse(sent.until)).toBeGreaterThan(Date.now() + 7 * 3_600_000);
  }, 60_000);
});
