// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { make_world, open_app, type World } from '../../../test/world.tsx';
import { after_gaps } from './aggregates_part.tsx';
import { csv_text } from './csv.ts';

const slow = { timeout: 8_000 };
let world: World;
beforeEach(() => {
  world = make_world();
});
const asked = (path: RegExp) => world.requests.filter((request) => path.test(request.path)).map(({ query }) => query);

/** jsdom's blobs cannot be read in any other way. */
function text_of(blob: Blob | undefined): Promise<string> {
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsText(blob ?? new Blob());
  });
}

/** What the page saves. */
function catch_download(): { text: () => Promise<string>; name: () => string } {
  let blob: Blob | undefined;
  let name = '';
  const keep = (one: Blob) => {
    blob = one;
    return 'blob:x';
  };
  vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: keep, revokeObjectURL: () => {} }));
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
    name = this.download;
  });
  return { text: () => text_of(blob), name: () => name };
}

describe('hours, days and months of a device', () => {
  it('shows days with increase, marks, and the way to the frames', async () => {
    open_app('/devices/1/aggregates');
    const table = await screen.findByRole('table', { name: '统计表' }, slow);
    const rows = within(table).getAllByRole('row').slice(1);
    expect(rows.length).toBe(31);
    expect(within(rows[0] as HTMLElement).getByText('未结算')).toBeInTheDocument();
    expect(within(table).getAllByText('含估算值 1 个').length).toBeGreaterThan(0);
    const link = within(rows[5] as HTMLElement).getAllByRole('link')[0] as HTMLAnchorElement;
    expect(link.getAttribute('href')).toMatch(/^\/devices\/1\/aggregates\?frame=\d+$/);
    expect(screen.getByRole('img', { name: /增量柱状图$/ }).querySelectorAll('rect').length).toBe(31);
    expect(asked(/\/aggregates$/)[0]?.get('by')).toBe('day');
  });

  it('asks for hours and another register, and shows their range', async () => {
    const user = userEvent.setup();
    open_app('/devices/1/aggregates?register=voltage_a');
    await screen.findByRole('table', { name: '统计表' }, slow);
    expect(screen.getByRole('img', { name: /最小、均值、最大图$/ }).querySelectorAll('line').length).toBe(31);
    await user.selectOptions(screen.getByLabelText('时段'), 'hour');
    await waitFor(
      () =>
        expect(
          asked(/\/aggregates$/)
            .at(-1)
            ?.get('by'),
        ).toBe('hour'),
      slow,
    );
    expect(screen.getByRole('columnheader', { name: '均值' })).toBeInTheDocument();
    expect(screen.queryByRole('columnheader', { name: '增量' })).not.toBeInTheDocument();
  });

  it('tells that there is nothing, and that it failed', async () => {
    world.intercept = ({ path }) =>
      path.endsWith('/aggregates')
        ? { status: 503, body: { code: 'unavailable', message: '聚合正在重建', request_id: 'a1' } }
        : undefined;
    open_app('/devices/1/aggregates');
    expect(await screen.findByText('聚合正在重建', undefined, slow)).toBeInTheDocument();
  });

  it('saves what is shown', async () => {
    const download = catch_download();
    const user = userEvent.setup();
    open_app('/devices/1/aggregates');
    await user.click(await screen.findByRole('button', { name: '下载 CSV' }, slow));
    const lines = (await download.text()).trim().split('\r\n');
    expect(lines.length).toBe(32);
    expect(lines[0]).toContain('label,from,to,unit');
    expect(lines[1]).toMatch(/,kWh,/);
    expect(download.name()).toMatch(/-energy_active_import_total-day\.csv$/);
  });
});

describe('consumption and completeness', () => {
  it('shows the largest, the totals and what is missing', async () => {
    open_app('/consumption');
    const top = await screen.findByRole('table', { name: '用量最大' }, slow);
    expect(within(top).getAllByRole('row').length).toBe(6);
    expect(within(top).getByText('500.25')).toBeInTheDocument();
    expect(within(top).getByText('翻转')).toBeInTheDocument();
    const totals = await screen.findByRole('table', { name: '分组合计' }, slow);
    expect(within(totals).getByText('合计')).toBeInTheDocument();
    expect(within(totals).getByText('未分配')).toBeInTheDocument();
    const missing = await screen.findByRole('table', { name: '没有数据的设备' }, slow);
    expect(within(missing).getAllByRole('link')[0]).toHaveAttribute('href', '/devices/7/aggregates');
    expect(screen.getAllByText(/有迟到数据未计入/).length).toBe(3);
    expect(screen.getAllByText(/2 条曲线因这段时间部分不归您查看而未计/).length).toBe(3);
    expect(asked(/fleet\/totals$/)[0]?.get('group')).toBe('organisation');
  });

  it('keeps the question in the address and asks anew', async () => {
    const user = userEvent.setup();
    open_app('/consumption?from=2026-11-01&to=2026-11-03&group=site');
    await screen.findByRole('table', { name: '分组合计' }, slow);
    expect(asked(/fleet\/totals$/)[0]?.toString()).toBe(
      'register=energy_active_import_total&from=2026-11-01&to=2026-11-03&group=site',
    );
    await user.selectOptions(screen.getByLabelText('分组'), 'model');
    await waitFor(
      () =>
        expect(
          asked(/fleet\/totals$/)
            .at(-1)
            ?.get('group'),
        ).toBe('model'),
      slow,
    );
  });

  it('names the largest of each group when asked to', async () => {
    const user = userEvent.setup();
    open_app('/consumption?group=site');
    await screen.findByRole('table', { name: '用量最大' }, slow);
    expect(asked(/fleet\/top$/)[0]?.get('group')).toBeNull();
    await user.click(screen.getByLabelText('每组只列前 5 名'));
    await waitFor(
      () =>
        expect(
          asked(/fleet\/top$/)
            .at(-1)
            ?.get('group'),
        ).toBe('site'),
      slow,
    );
    expect(
      asked(/fleet\/top$/)
        .at(-1)
        ?.get('count'),
    ).toBe('5');
    const top = await screen.findByRole('table', { name: '用量最大' }, slow);
    await waitFor(() => expect(within(top).getByRole('columnheader', { name: '分组' })).toBeInTheDocument(), slow);
    expect(within(top).getAllByText('未分配').length).toBe(3);
  });

  it('shows completeness alone for what does not count up, and says when there is nothing', async () => {
    open_app('/consumption?register=voltage_a');
    expect(await screen.findByText('该数据项不是累计量，只统计完整性', undefined, slow)).toBeInTheDocument();
    await screen.findByRole('table', { name: '逐日完整性' }, slow);
    expect(asked(/fleet\/(top|totals)$/)).toEqual([]);
  });

  it('says when nothing is there', async () => {
    open_app('/consumption?register=energy_nowhere');
    expect((await screen.findAllByText('没有可统计的数据', undefined, slow)).length).toBeGreaterThan(0);
  });
});

describe('csv', () => {
  it('quotes what needs it and lets no formula through', () => {
    expect(
      csv_text(
        ['a', 'b'],
        [
          ['x,"y"', '=1+1'],
          ['-1.50', null],
          ['@a', '-1+2'],
        ],
      ),
    ).toBe('\uFEFFa,b\r\n"x,""y""",\'=1+1\r\n-1.50,\r\n\'@a,\'-1+2\r\n');
  });
});

describe('gaps', () => {
  it('are seen where a bucket does not follow on the one before', () => {
    const buckets = [
      { from: '1', to: '2' },
      { from: '2', to: '3' },
      { from: '5', to: '6' },
    ];
    expect([...after_gaps(buckets)]).toEqual(['5']);
  });
});
