import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { queries } from '../../api/queries.ts';
import type { Reading, RegisterLatest } from '../../api/types.ts';
import { QualityMarks } from '../../components/badges.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { findings, value_text } from '../../format/value.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { usePollInterval } from '../live/live_context.tsx';
import { FrameLink } from '../provenance/frame_link.tsx';
import { register_label } from './registers.ts';

const page_length = 20;

function useColumns(register: RegisterLatest, time_zone: string): Column<Reading>[] {
  const { t } = useLanguage();
  return [
    {
      key: 'time',
      header: t('readings.column_time'),
      is_title: true,
      cell: ({ time }) => <TimeText time={time} time_zone={time_zone} />,
    },
    {
      key: 'value',
      header: t('readings.column_value'),
      align: 'end',
      is_corner: true,
      cell: ({ value, frame }) => (
        <FrameLink frame={frame}>
          <span className="number">
            {value === null ? t('device.no_value') : value_text(register.register, register.kind, value)}
          </span>{' '}
          <span className="unit">{register.unit}</span>
        </FrameLink>
      ),
    },
    {
      key: 'quality',
      header: t('readings.column_quality'),
      cell: ({ quality, conflict }) =>
        findings(quality).length > 0 || conflict ? (
          <QualityMarks quality={quality} conflict={conflict} />
        ) : (
          <span className="faint quality-good">{t('quality.good')}</span>
        ),
    },
    {
      key: 'source',
      header: t('readings.column_source'),
      is_minor: true,
      cell: ({ time_source }) => t(`time_source.${time_source}`),
    },
    {
      key: 'received',
      header: t('readings.column_received'),
      is_minor: true,
      cell: ({ received_at }) => <TimeText time={received_at} time_zone={time_zone} milliseconds />,
    },
  ];
}

/** Single readings of one register, newest first, page by page towards the past. */
export function ReadingsPanel({ register, time_zone }: { register: RegisterLatest; time_zone: string }) {
  const { t } = useLanguage();
  const [before, setBefore] = useState<string | undefined>();
  const polling_ms = usePollInterval(10_000, 10_000);
  const readings = useQuery({
    ...queries.readings(register.series_id, before, page_length),
    refetchInterval: before === undefined ? polling_ms : false,
  });
  const columns = useColumns(register, time_zone);
  const label = register_label(register.register, t);
  const rows = readings.data?.readings ?? [];
  const oldest = rows.at(-1);
  return (
    <Panel
      title={t('device.readings')}
      note={label}
      className="readings-panel"
      actions={
        <>
          <button
            type="button"
            className="button button-small"
            disabled={before === undefined}
            onClick={() => setBefore(undefined)}
          >
            {t('readings.newest')}
          </button>
          <button
            type="button"
            className="button button-small"
            disabled={rows.length < page_length || !oldest}
            onClick={() => setBefore(oldest?.time)}
          >
            {t('readings.older')} <Icon name="right" size={13} />
          </button>
        </>
      }
    >
      {readings.isPending && <Skeleton rows={8} />}
      {readings.isError && <ProblemView error={readings.error} on_retry={() => void readings.refetch()} />}
      {readings.data && rows.length === 0 && <Empty title={t('readings.empty')} />}
      {rows.length > 0 && (
        <DataTable
          class_name="readings-table"
          caption={t('readings.table_caption', { register: label })}
          columns={columns}
          rows={rows}
          row_key={({ time, frame }) => `${time} ${frame}`}
          is_stale={readings.isPlaceholderData}
        />
      )}
    </Panel>
  );
}
