import type { ReactNode } from 'react';
import { Link, useLocation } from 'react-router';

/** The search parameter that opens the history of one value over any page: SERIES@TIME. */
export const value_parameter = 'value';

export function read_value_place(text: string | null): { series: number; time: string } | null {
  const found = /^(\d{1,15})@(\d{4}-\d\d-\d\dT[\d:.]+Z)$/.exec(text ?? '');
  return found ? { series: Number(found[1]), time: found[2] as string } : null;
}

/** Leads from a value to all that was ever said about it. */
export function VersionLink({
  series,
  time,
  label,
  children,
}: {
  series: number;
  time: string;
  label: string;
  children: ReactNode;
}) {
  const { pathname, search } = useLocation();
  const parameters = new URLSearchParams(search);
  parameters.set(value_parameter, `${series}@${time}`);
  return (
    <Link
      to={{ pathname, search: `?${parameters}` }}
      className="version-link button button-quiet button-icon button-small"
      aria-label={label}
      title={label}
      preventScrollReset
    >
      {children}
    </Link>
  );
}
