// @vitest-environment jsdom
import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';

const slow = { timeout: 20_000 };
const run = {
  id: 3,
  kind: 'backup',
  state: 'done',
  place: '/mnt/second',
  asked_by: '',
  begun_at: '2026-11-21T18:30:00.000Z',
  ended_at: '2026-11-21T18:31:00.000Z',
  set: 12,
  verified_at: '2026-11-21T18:31:00.000Z',
  removed_at: null,
  journal_next: 4711,
  files: 40,
  files_new: 2,
  bytes_total: 123_456_789,
  bytes_sent: 4_321,
  has_recovery_key: true,
};
const drill = {
  ...run,
  id: 4,
  kind: 'drill',
  state: 'failed',
  reason: 'journal/1.seg: object ab is missing',
  report: {
    sound: false,
    place: '/mnt/second',
    set: 12,
    at: run.begun_at,
    recovery_ms: 0,
    check_ms: 0,
    restore_ms: 0,
    open_ms: 0,
    files: 0,
    bytes: 0,
    journal_records: 0,
    journal_next: 4711,
    segments: 0,
    segments_compared: 0,
    record_rows: {},
    running_record_rows: {},
    damaged_objects: ['ab'],
    findings: ['journal/1.seg: object ab is missing'],
  },
};
const about = {
  schedule: {
    is_enabled: true,
    daily_at: '02:30',
    time_zone: 'Asia/Shanghai',
    daily_keep_days: 35,
    monthly_keep_months: 84,
    drill_every_days: 30,
  },
  next_at: '2026-11-22T18:30:00.000Z',
  places: [{ name: '/mnt/second', is_late: true, last_backup: run, last_drill: null }],
  recovery_key: 'missing',
  activity: null,
  journal_backed_up_before: 4711,
};
const page_of = (runs: unknown[]) => ({ status: 200, body: { runs, total: runs.length, page: 1, page_size: 10 } });

let world: World;
beforeEach(() => {
  world = make_world();
  world.intercept = ({ path, method }) => {
    if (!path.startsWith('/api/v1/backups')) return undefined;
    if (method !== 'GET') return { status: path.endsWith('schedule') ? 200 : 202, body: {} };
    if (path === '/api/v1/backups') return { status: 200, body: about };
    return page_of(path.endsWith('sets') ? [run] : [drill]);
  };
});

describe('the page of backups', () => {
  it('tells what is late, what is damaged, and starts a backup', async () => {
    const user = userEvent.setup();
    open_app('/backups');
    expect(await screen.findByText('已逾期', undefined, slow)).toBeInTheDocument();
    expect(await screen.findByText('发现 1 处损坏', undefined, slow)).toBeInTheDocument();
    expect(screen.getByText(/尚未设置/)).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: '立即备份' }));
    await waitFor(() =>
      expect(world.requests.some(({ path, method }) => path === '/api/v1/backups/sets' && method === 'POST')).toBe(true),
    );
    expect(await screen.findByText('已请求，稍后开始。', undefined, slow)).toBeInTheDocument();
  }, 60_000);

  it('sends a passphrase only when it was typed twice alike', async () => {
    const user = userEvent.setup();
    open_app('/backups');
    const sent = () => world.requests.filter(({ path }) => path.endsWith('/recovery-passphrase'));
    await user.type(await screen.findByLabelText('恢复口令', { selector: 'input' }, slow), 'a passphrase in a safe');
    await user.type(screen.getByLabelText('再输入一次'), 'another');
    await user.click(screen.getByRole('button', { name: '设置口令' }));
    expect(screen.getByText('两次输入不同')).toBeInTheDocument();
    expect(sent()).toEqual([]);
    await user.clear(screen.getByLabelText('再输入一次'));
    await user.type(screen.getByLabelText('再输入一次'), 'a passphrase in a safe');
    await user.click(screen.getByRole('button', { name: '设置口令' }));
    await waitFor(() => expect(sent().map(({ body }) => body)).toEqual([{ passphrase: 'a passphrase in a safe' }]));
  }, 60_000);

  it('shows an error with a way to try again, and what to do without a place', async () => {
    let fails = true;
    world.intercept = ({ path }) => {
      if (!path.startsWith('/api/v1/backups')) return undefined;
      if (fails) return { status: 404, body: { code: 'internal', message: 'no', request_id: 'r' } };
      return path === '/api/v1/backups' ? { status: 200, body: { ...about, places: [], next_at: null } } : page_of([]);
    };
    open_app('/backups');
    expect(await screen.findByRole('alert', undefined, slow)).toBeInTheDocument();
    fails = false;
    await userEvent.setup().click(screen.getAllByRole('button', { name: '重试' })[0] as HTMLElement);
    expect(await screen.findByText('还没有配置备份地点', undefined, slow)).toBeInTheDocument();
    expect(screen.getByRole('button', { name: '立即备份' })).toBeDisabled();
  }, 60_000);
});
