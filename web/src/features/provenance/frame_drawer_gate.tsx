import { lazy, Suspense, useCallback, useEffect, useRef } from 'react';
import { useLocation, useNavigate, useSearchParams } from 'react-router';
import { frame_parameter } from './frame_link.tsx';

const FrameDrawer = lazy(() => import('./frame_drawer.tsx'));

/** Opens the drawer when the address names a frame; the drawer's code is loaded only then. */
export function FrameDrawerGate() {
  const [parameters] = useSearchParams();
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  const frame = parameters.get(frame_parameter);
  const opener = useRef<Element | null>(null);
  const was_open = useRef(false);
  useEffect(() => {
    if (frame && !was_open.current) opener.current = document.activeElement;
    if (!frame && was_open.current && opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
    was_open.current = frame !== null;
  }, [frame]);
  const close = useCallback(() => {
    const rest = new URLSearchParams(search);
    rest.delete(frame_parameter);
    navigate({ pathname, search: rest.size > 0 ? `?${rest}` : '' });
  }, [navigate, pathname, search]);
  return (
    frame !== null && (
      <Suspense fallback={null}>
        <FrameDrawer frame={frame} on_close={close} />
      </Suspense>
    )
  );
}
