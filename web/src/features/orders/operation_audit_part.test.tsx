// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';

const slow = { timeout: 20_000 };
const head = 'AB'.repeat(32);
let world: World;
beforeEach(() => {
  world = make_world();
});
const answer_chain = (body: object) => {
  world.intercept = ({ path }) => (path === '/api/v1/operations/chain' ? { status: 200, body } : undefined);
};

describe('the operation log', () => {
  it('is checked and tells its head', async () => {
    const user = userEvent.setup();
    answer_chain({ sound: true, entries: 1234, last_id: 1234, head, broken_at: null });
    open_app('/jobs/log');
    await user.click(await screen.findByRole('button', { name: '检查日志' }, slow));
    expect(await screen.findByText(/全部 1,234 条记录均与写入时一致/, undefined, slow)).toBeInTheDocument();
    expect(screen.getByText(head)).toBeInTheDocument();
  }, 60_000);

  it('tells which entry is not what was written', async () => {
    const user = userEvent.setup();
    answer_chain({ sound: false, entries: 9, last_id: 9, head, broken_at: 7 });
    open_app('/jobs/log');
    await user.click(await screen.findByRole('button', { name: '检查日志' }, slow));
    expect(await screen.findByText(/第 7 条记录或其前一条与写入时不一致/, undefined, slow)).toBeInTheDocument();
  }, 60_000);

  it('goes into an audit of the days chosen', async () => {
    const user = userEvent.setup();
    open_app('/jobs/log?from=2026-11-01&to=2026-11-07');
    await user.click(await screen.findByRole('button', { name: '生成所选日期的审计文件' }, slow));
    await waitFor(() => expect(screen.getByTestId('whereabouts')).toHaveTextContent('/exports'), slow);
    const asked = world.requests.find(({ path, method }) => path === '/api/v1/exports' && method === 'POST');
    expect(asked?.body).toMatchObject({ by: 'audit', format: 'json_lines' });
    const { from, to } = (asked?.body ?? {}) as { from: string; to: string };
    expect(new Date(to).getTime() - new Date(from).getTime()).toBe(7 * 86_400_000);
  }, 60_000);
});
