import type { ReactNode } from 'react';
import { Link, useLocation } from 'react-router';

/** The search parameter that opens a frame over any page. */
export const frame_parameter = 'frame';

/** Leads from a value to the frame that carried it: opens over the page one is on, and can be sent to somebody as a link. */
export function FrameLink({
  frame,
  label,
  class_name = '',
  children,
}: {
  frame: string;
  label?: string;
  class_name?: string;
  children: ReactNode;
}) {
  const { pathname, search } = useLocation();
  const parameters = new URLSearchParams(search);
  parameters.set(frame_parameter, frame);
  return (
    <Link
      to={{ pathname, search: `?${parameters}` }}
      className={`frame-link ${class_name}`}
      {...(label ? { 'aria-label': label } : {})}
      preventScrollReset
    >
      {children}
    </Link>
  );
}
