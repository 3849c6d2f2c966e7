import { Link } from 'react-router';
import { Icon } from '../../components/icons.tsx';
import { useLanguage } from '../../i18n/index.tsx';

/** Where the whole way of a figure is shown: of a bucket of a series, or of a point over an interval. */
export function bucket_path(series: number, bucket: string, day: string, after?: string): string {
  const parameters = new URLSearchParams({ series: String(series), bucket, day, ...(after ? { after } : {}) });
  return `/figures?${parameters}`;
}
/** Of all days from one to another, as a fleet's figures are counted. */
export function stretch_path(series: number, day: string, last_day: string): string {
  return `/figures?${new URLSearchParams({ series: String(series), bucket: 'days', day, last_day })}`;
}
export function point_path(point: number, register: string, after: string, through: string): string {
  return `/figures?${new URLSearchParams({ point: String(point), register, after, through })}`;
}

/** Leads from a figure to its whole way. */
export function FigureLink({ to, name }: { to: string; name: string }) {
  const { t } = useLanguage();
  const label = t('figure.way_of', { name });
  return (
    <Link to={to} className="button button-quiet button-icon button-small" aria-label={label} title={label}>
      <Icon name="eye" size={15} />
    </Link>
  );
}
