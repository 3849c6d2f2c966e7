// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';

const slow = { timeout: 20_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});

describe('storage', () => {
  it('tells what lies where, what grows and which disk fills', async () => {
    open_app('/status');
    const disks = await screen.findByRole('table', { name: '磁盘' }, slow);
    expect(within(disks).getByText('20 天')).toHaveClass('mark-degraded');
    expect(within(disks).getByText('525 天')).toHaveClass('mark-ok');
    const parts = screen.getByRole('table', { name: '各部分' });
    expect(within(parts).getByText('存证日志')).toBeInTheDocument();
    expect(within(parts).getByText('7 天后删除')).toBeInTheDocument();
    expect(within(parts).getByText('+317 MiB')).toBeInTheDocument();
  }, 60_000);

  it('shows why it cannot be told', async () => {
    world.intercept = ({ path }) =>
      path === '/api/v1/storage' ? { status: 404, body: { code: 'internal', message: 'no', request_id: 'r9' } } : undefined;
    open_app('/status');
    expect(await screen.findByText(/r9/, undefined, slow)).toBeInTheDocument();
  }, 60_000);
});
