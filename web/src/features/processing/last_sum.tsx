import { Link } from 'react-router';
import { QualityMarks } from '../../components/badges.tsx';
import { Age } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import type { Sum } from './processing_api.ts';

/** The newest sum: what it is of when something is missing is said beside it. */
export function LastSum({ sum }: { sum: Sum }) {
  const { t } = useLanguage();
  const { last } = sum;
  if (!last) return <span className="faint">{t('sums.none_yet')}</span>;
  return (
    <>
      <Link className="number" to={`/frames/${last.frame}`}>
        {last.value ?? '–'} {sum.unit}
      </Link>{' '}
      <QualityMarks quality={last.quality} /> <Age time={last.time} />{' '}
      {!last.complete && <span className="mark mark-degraded">{t('sums.missing', { count: last.missing })}</span>}
    </>
  );
}
