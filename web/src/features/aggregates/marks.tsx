import type { AggregateFindings } from '../../api/types.ts';
import { useLanguage } from '../../i18n/index.tsx';

/** What a figure rests on, in words: never told by colour alone. */
export function Marks({
  provisional = false,
  estimated = 0,
  corrected = 0,
  findings = [],
  is_after_gap = false,
  past_calibration = false,
}: {
  provisional?: boolean;
  estimated?: number;
  corrected?: number;
  findings?: AggregateFindings;
  /** Nothing came in the time before: the increase holds what was used then, too. */
  is_after_gap?: boolean;
  /** A sensor past its calibration date measured some of it. */
  past_calibration?: boolean | undefined;
}) {
  const { t } = useLanguage();
  const words = [
    ...(provisional ? [t('aggregates.provisional')] : []),
    ...(estimated > 0 ? [t('aggregates.estimated', { count: estimated })] : []),
    ...(corrected > 0 ? [t('aggregates.corrected', { count: corrected })] : []),
    ...(is_after_gap ? [t('aggregates.after_gap')] : []),
    ...(past_calibration ? [t('sensors.overdue_mark')] : []),
    ...findings.map((finding) => t(`aggregates.finding_${finding}`)),
  ];
  return words.map((word) => (
    <span key={word} className="aggregate-mark">
      {word}
    </span>
  ));
}
