import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { Link, useParams } from 'react-router';
import { queries } from '../../api/queries.ts';
import type { Reading, RegisterLatest } from '../../api/types.ts';
import { QualityMarks } from '../../components/badges.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { findings, value_text } from '../../format/value.ts';
import { date_time_text } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { VersionLink } from '../edits/version_link.tsx';
import { usePollInterval } from '../live/live_context.tsx';
import { FrameLink } from '../provenance/frame_link.tsx';
import { OverdueMark } from '../sensors/overdue_mark.tsx';
import { useSession } from '../session/session.tsx';
import { register_label } from './registers.ts';

const FillGapDialog = lazy(() => import('../edits/fill_gap_dialog.tsx').then(({ FillGapDialog: part }) => ({ default: part })));

const page_length = 20;

function useColumns(register: RegisterLatest, time_zone: string): Column<Reading>[] {
  const { t } = useLanguage();
  const device = Number(useParams().device_id) || 0;
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
      cell: ({ value, frame, time, edits, quality }) => {
        const text = (
          <>
            <span className="number">
              {value === null ? t('device.no_value') : value_text(register.register, register.kind, value)}
            </span>{' '}
            <span className="unit">{register.unit}</span>
          </>
        );
        // With an edit in force the evidence is the edit; what was read, and its frame, stand in the history.
        const is_edited = /corrected|estimated/.test(quality);
        return (
          <>
            {is_edited ? text : <FrameLink frame={frame}>{text}</FrameLink>}{' '}
            <VersionLink
              series={register.series_id}
              time={time}
              label={t('edits.history_of', { time: date_time_text(Date.parse(time), time_zone) })}
            >
              <Icon name={edits ? 'copy' : 'eye'} size={14} />
            </VersionLink>
          </>
        );
      },
    },
    {
      key: 'quality',
      header: t('readings.column_quality'),
      cell: ({ quality, conflict, time }) => (
        <>
          {findings(quality).length > 0 || conflict ? (
            <QualityMarks quality={quality} conflict={conflict} />
          ) : (
            <span className="faint quality-good">{t('quality.good')}</span>
          )}
          {device > 0 && <OverdueMark device={device} register={register.register} time={time} />}
        </>
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
export function ReadingsPanel({
  register,
  time_zone,
  interval_s,
}: {
  register: RegisterLatest;
  time_zone: string;
  interval_s: number;
}) {
  const { t } = useLanguage();
  const session = useSession();
  const [is_filling, setIsFilling] = useState(false);
  const can_fill = register.kind === 'decimal' && session.data?.role !== 'viewer';
  const { device_id } = useParams();
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
          {can_fill && (
            <button type="button" className="button button-small" onClick={() => setIsFilling(true)}>
              {t('fill.open')}
            </button>
          )}
          <Link
            className="button button-small"
            to={`/exports/new?device=${device_id}&register=${encodeURIComponent(register.register)}`}
          >
            {t('exports.link_register')}
          </Link>
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
      {is_filling && (
        <Suspense fallback={null}>
          <FillGapDialog register={register} time_zone={time_zone} interval_s={interval_s} on_close={() => setIsFilling(false)} />
        </Suspense>
      )}
    </Panel>
  );
}
