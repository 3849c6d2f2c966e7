// @vitest-environment jsdom
import { render, screen } from '@testing-library/react';
import { MemoryRouter } from 'react-router';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world } from '../../../test/world.tsx';
import { api } from '../../api/client.ts';
import { AppProviders } from '../../app.tsx';
import { FrameView } from './frame_view.tsx';

const slow = { timeout: 18_000 };
const record_reference = (record: string) => String(Number(record) * 65_536);
const view = (frame: string) =>
  render(
    <AppProviders>
      <MemoryRouter>
        <FrameView frame={frame} />
      </MemoryRouter>
    </AppProviders>,
  );

beforeEach(() => {
  make_world();
});

describe('a reference to a record of edits', () => {
  it('shows who changed what, why, from what to what', async () => {
    const time = '2026-11-20T08:00:00.000Z';
    const { versions } = await api.versions(100, time);
    const old = versions[0]?.value ?? '';
    const { record } = await api.edit(100, {
      kind: 'correction',
      reason: '照片 17',
      values: [{ time, value: '1234.56', expected: old }],
    });
    view(record_reference(String(record)));
    expect(await screen.findByText('照片 17', undefined, slow)).toBeInTheDocument();
    expect(screen.getByText(new RegExp(`${old.replace('.', '\\.')} → 1234\\.56`))).toBeInTheDocument();
    expect(screen.getByText('demo')).toBeInTheDocument();
    expect(screen.getByText('全部哈希与认证码已重新计算且相符')).toBeInTheDocument();
    expect(screen.getByText(String(record))).toBeInTheDocument();
  });

  it('that is neither frame nor edit is said not to be there', async () => {
    view(record_reference('9999999'));
    expect(await screen.findByText(/找不到这一帧/, undefined, slow)).toBeInTheDocument();
  });
});
