import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { queries } from '../../api/queries.ts';
import type { DeviceSampling, ModelDetail, SamplingRound, Timing } from '../../api/types.ts';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { SamplingForm } from './sampling_form.tsx';

const shown_registers_max = 3;

/** Milliseconds as seconds, without zeros that say nothing. */
export function seconds_text(ms: number): string {
  return `${Number((ms / 1_000).toFixed(3))} s`;
}

export function TimingText({ timing }: { timing: Timing | null }) {
  const { t } = useLanguage();
  if (!timing || timing.samples === 0) return <span className="faint">{t('sampling.none_timed')}</span>;
  const ratio = (per_mille: number) => (per_mille / 1_000).toFixed(3);
  return (
    <span className="number">
      {ratio(timing.p50_per_mille)} · {ratio(timing.p95_per_mille)} · {ratio(timing.p99_per_mille)} ·{' '}
      {ratio(timing.max_per_mille)}
    </span>
  );
}

function Rounds({ rounds }: { rounds: readonly SamplingRound[] }) {
  const { t } = useLanguage();
  const columns: Column<SamplingRound>[] = [
    { key: 'group', header: t('sampling.column_group'), is_title: true, cell: ({ group }) => group.replaceAll('_', ' ') },
    {
      key: 'registers',
      header: t('sampling.column_registers'),
      is_minor: true,
      cell: ({ registers }) => (
        <span title={registers.map((name) => register_label(name, t)).join('、')}>
          {registers
            .slice(0, shown_registers_max)
            .map((name) => register_label(name, t))
            .join('、')}
          {registers.length > shown_registers_max && ` +${registers.length - shown_registers_max}`}
        </span>
      ),
    },
    {
      key: 'model',
      header: t('sampling.column_model'),
      align: 'end',
      cell: ({ model_ms }) => <span className="number">{seconds_text(model_ms)}</span>,
    },
    {
      key: 'wanted',
      header: t('sampling.column_wanted'),
      align: 'end',
      cell: ({ wanted_ms }) => <span className="number">{seconds_text(wanted_ms)}</span>,
    },
    {
      key: 'in_force',
      header: t('sampling.column_in_force'),
      align: 'end',
      cell: ({ in_force_ms }) => <span className="number">{in_force_ms === null ? '–' : seconds_text(in_force_ms)}</span>,
    },
    { key: 'timing', header: t('sampling.column_timing'), cell: ({ timing }) => <TimingText timing={timing} /> },
    {
      key: 'missed',
      header: t('sampling.column_missed'),
      align: 'end',
      cell: ({ timing }) => <span className="number">{timing ? timing.missed : '–'}</span>,
    },
  ];
  return (
    <DataTable
      caption={t('sampling.caption')}
      columns={columns}
      rows={rounds}
      row_key={({ group, wanted_ms }) => `${group} ${wanted_ms}`}
    />
  );
}

function Notes({ sampling }: { sampling: DeviceSampling }) {
  const { t } = useLanguage();
  if (!sampling.planned) return <p className="notice">{t('sampling.from_file')}</p>;
  if (sampling.problem) return <p className="notice is-fault">{t('sampling.problem', { reason: sampling.problem })}</p>;
  return sampling.applied ? null : <p className="notice">{t('sampling.not_applied')}</p>;
}

/** How often this device is read, how well that is kept, and a way to change it. */
export function SamplingPanel({ device_id, model }: { device_id: number; model: ModelDetail }) {
  const { t } = useLanguage();
  const [is_changing, setChanging] = useState(false);
  const sampling = useQuery({ ...queries.device_sampling(device_id), refetchInterval: 5_000 });
  return (
    <Panel
      title={t('sampling.title')}
      note={t('sampling.note')}
      actions={
        sampling.data?.planned && (
          <button type="button" className="button button-small" onClick={() => setChanging(true)}>
            {t('sampling.change')}
          </button>
        )
      }
    >
      {sampling.isError && <ProblemView error={sampling.error} on_retry={() => void sampling.refetch()} />}
      {sampling.isPending && <Skeleton rows={4} height={26} />}
      {sampling.data && <Notes sampling={sampling.data} />}
      {sampling.data && <Rounds rounds={sampling.data.rounds} />}
      {is_changing && (
        <Dialog title={t('sampling.change')} on_close={() => setChanging(false)}>
          <SamplingForm model={model} target={{ device_ids: [device_id] }} on_done={() => setChanging(false)} />
        </Dialog>
      )}
    </Panel>
  );
}
