// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app } from '../../../test/world.tsx';

const slow = { timeout: 8_000 };
beforeEach(() => {
  make_world();
});

describe('the model browser', () => {
  it('lists models, tells of refused files, finds one and opens it', async () => {
    const user = userEvent.setup();
    open_app('/models');
    const table = await screen.findByRole('table', { name: '型号库' }, slow);
    expect(within(table).getAllByRole('row')).toHaveLength(4);
    expect(screen.getByText('acme-1.yaml:12: no such register')).toBeInTheDocument();
    await user.type(screen.getByRole('searchbox'), '燃气');
    expect(within(screen.getByRole('table', { name: '型号库' })).getAllByRole('row')).toHaveLength(2);
    await user.clear(screen.getByRole('searchbox'));
    await user.click(screen.getByRole('link', { name: '三相电能表（DL/T 645-2007）' }));
    expect(await screen.findByRole('heading', { level: 1, name: '三相电能表（DL/T 645-2007）' }, slow)).toBeInTheDocument();
    expect(screen.getByText(/model: dlt645_three_phase/)).toBeInTheDocument();
    expect(screen.getByText('relay_trip')).toBeInTheDocument();
  });

  it('says so when there is no such model', async () => {
    open_app('/models/none');
    expect(await screen.findByText('没有这一页', undefined, slow)).toBeInTheDocument();
  });
});
