import type { Curve } from '../../api/types.ts';
import { QualityMarks } from '../../components/badges.tsx';
import { DataTable } from '../../components/data_table.tsx';
import { Icon } from '../../components/icons.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { grouped } from '../../format/value.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { VersionLink } from '../edits/version_link.tsx';
import { FrameLink } from '../provenance/frame_link.tsx';
import { PastCalibration } from '../sensors/overdue_mark.tsx';

/** The curve's buckets as a table: the same facts for those who do not see the drawing, each value leading to its frame. */
export function CurveTable({ curve, label, time_zone }: { curve: Curve; label: string; time_zone: string }) {
  const { t } = useLanguage();
  const point = (name: 'first' | 'last' | 'min' | 'max') => ({
    key: name,
    header: t(`curve.column_${name}`),
    align: 'end' as const,
    cell: (bucket: Curve['buckets'][number]) => {
      const text = <span className="number">{grouped(bucket[name].value)}</span>;
      return bucket.edited ? (
        <>
          {text}{' '}
          <VersionLink
            series={curve.series_id}
            time={bucket[name].time}
            label={t('edits.history_of', { time: bucket[name].time })}
          >
            <Icon name="eye" size={14} />
          </VersionLink>
        </>
      ) : (
        <FrameLink frame={bucket[name].frame}>{text}</FrameLink>
      );
    },
  });
  return (
    <DataTable
      class_name="curve-table"
      caption={t('curve.table_caption', { register: label })}
      rows={curve.buckets}
      row_key={({ start }) => start}
      columns={[
        {
          key: 'start',
          header: t('curve.column_start'),
          is_title: true,
          cell: ({ start }) => <TimeText time={start} time_zone={time_zone} />,
        },
        {
          key: 'count',
          header: t('curve.column_count'),
          align: 'end',
          cell: ({ count, edited, past_calibration }) => (
            <>
              {edited && <QualityMarks quality={edited} />} {past_calibration && <PastCalibration />}{' '}
              <span className="number">{count}</span>
            </>
          ),
        },
        point('first'),
        point('last'),
        point('min'),
        point('max'),
      ]}
    />
  );
}
