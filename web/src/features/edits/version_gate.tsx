import { lazy, Suspense, useCallback } from 'react';
import { useSearchParams } from 'react-router';
import { read_value_place, value_parameter } from './version_link.tsx';

const VersionDrawer = lazy(() => import('./version_drawer.tsx'));

/** Opens the drawer when the address names a value; its code is loaded only then. */
export function VersionGate({ time_zone }: { time_zone: string }) {
  const [parameters, setParameters] = useSearchParams();
  const place = read_value_place(parameters.get(value_parameter));
  const close = useCallback(
    () =>
      setParameters(
        (before) => {
          const rest = new URLSearchParams(before);
          rest.delete(value_parameter);
          return rest;
        },
        { preventScrollReset: true },
      ),
    [setParameters],
  );
  return (
    place && (
      <Suspense fallback={null}>
        <VersionDrawer series={place.series} time={place.time} time_zone={time_zone} on_close={close} />
      </Suspense>
    )
  );
}
