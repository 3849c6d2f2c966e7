import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useMemo } from 'react';
import { Link, useParams, useSearchParams } from 'react-router';
import { ApiError } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import { server_now_ms } from '../../api/server_clock.ts';
import type { DeviceDetail } from '../../api/types.ts';
import { AntdScope } from '../../components/antd_scope.tsx';
import { StateBadge } from '../../components/badges.tsx';
import { Icon } from '../../components/icons.tsx';
import { Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { Age } from '../../components/time_text.tsx';
import { WhenNear } from '../../components/when_near.tsx';
import { usable_time_zone } from '../../format/zoned_time.ts';
import { type Translate, useLanguage } from '../../i18n/index.tsx';
import { VersionGate } from '../edits/version_gate.tsx';
import { useLiveDevices, usePollInterval } from '../live/live_context.tsx';
import NotFoundPage from '../shell/not_found_page.tsx';
import { CompletenessPanel } from './completeness_panel.tsx';
import { CurvePanel } from './curve_panel.tsx';
import './devices.css';
import { read_history_state } from './history_state.ts';
import { LiveValues } from './live_values.tsx';
import { ReadingsPanel } from './readings_panel.tsx';
import { chosen_register, drawable } from './registers.ts';
import { slot_s } from './slot.ts';

// Each part is a bundle of its own: who looks at values needs no commands.
const AggregatesPart = lazy(() => import('../aggregates/aggregates_part.tsx'));
const ControlPart = lazy(() => import('../orders/control_part.tsx'));
const ProcessingPart = lazy(() => import('../processing/processing_part.tsx'));
const ConnectionPart = lazy(() => import('../onboarding/connection_part.tsx'));
const DeviceTracePart = lazy(() => import('./device_trace_part.tsx'));
const parts = ['aggregates', 'control', 'processing', 'connection', 'trace'] as const;
type Part = (typeof parts)[number] | 'values';

function interval_text(interval_s: number, t: Translate): string {
  if (interval_s % 3600 === 0) return t('interval.hours', { count: interval_s / 3600 });
  if (interval_s % 60 === 0) return t('interval.minutes', { count: interval_s / 60 });
  return t('interval.seconds', { count: interval_s });
}

function Identity({ device }: { device: DeviceDetail }) {
  const { t } = useLanguage();
  return (
    <dl className="facts identity">
      <Fact label={t('device.address')}>
        <span className="mono">{device.address}</span>
      </Fact>
      <Fact label={t('device.last_reading')}>
        <Age time={device.last_reading_at} time_zone={device.time_zone} stale_ms={device.interval_s * 2_000} />
      </Fact>
      <Fact label={t('device.site')}>{device.site?.name ?? '–'}</Fact>
      <Fact label={t('device.organisation')}>{device.organisation.name}</Fact>
      <Fact label={t('device.gateway')}>{device.gateway?.name ?? '–'}</Fact>
      <Fact label={t('device.model')}>{device.model}</Fact>
      <Fact label={t('device.protocol')}>{device.protocol}</Fact>
      <Fact label={t('device.interval')}>{interval_text(device.interval_s, t)}</Fact>
      <Fact label={t('device.time_zone')}>{device.time_zone}</Fact>
      <Fact label={t('device.uid')}>
        <span className="mono">{device.uid}</span>
      </Fact>
    </dl>
  );
}

function Content({ device }: { device: DeviceDetail }) {
  const { t } = useLanguage();
  const [parameters, setParameters] = useSearchParams();
  const state = read_history_state(parameters, server_now_ms(), device.time_zone);
  const register = chosen_register(drawable(device.registers), state.register);
  const change = useCallback(
    (wanted: Record<string, string>) =>
      setParameters(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(wanted)) {
            if (value === '') next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: true, preventScrollReset: true },
      ),
    [setParameters],
  );
  return (
    <>
      <Panel title={t('device.live_values')} note={t('device.live_hint')} className="live-panel">
        <LiveValues device={device} />
      </Panel>
      {register && (
        <div className="history">
          <WhenNear height_px={480}>
            <CurvePanel device={device} register={register} state={state} change={change} />
          </WhenNear>
          <WhenNear height_px={420}>
            <CompletenessPanel device={device} date={state.date} />
          </WhenNear>
          <WhenNear height_px={900}>
            <ReadingsPanel
              key={register.series_id}
              register={register}
              time_zone={device.time_zone}
              interval_s={slot_s(device.interval_s)}
            />
          </WhenNear>
        </div>
      )}
      <VersionGate time_zone={device.time_zone} />
    </>
  );
}

function DevicePart({ device, part }: { device: DeviceDetail; part: Part }) {
  if (part === 'aggregates') return <AggregatesPart device={device} />;
  if (part === 'control') return <ControlPart device={device} />;
  if (part === 'processing') return <ProcessingPart device={device} />;
  if (part === 'connection') return <ConnectionPart device={device} />;
  if (part === 'trace') return <DeviceTracePart device={device} />;
  return <Content device={device} />;
}

function Device({ id, part }: { id: number; part: Part }) {
  const { t } = useLanguage();
  const fetched = useQuery({ ...queries.device(id), refetchInterval: usePollInterval(60_000, 5_000) });
  const watched = useMemo(() => [id], [id]);
  useLiveDevices(watched);
  // A zone that the browser does not know must not take the page down.
  const device = useMemo(
    () => fetched.data && { ...fetched.data, time_zone: usable_time_zone(fetched.data.time_zone) },
    [fetched.data],
  );
  if (fetched.error instanceof ApiError && fetched.error.status === 404) return <NotFoundPage />;
  return (
    <>
      <Link className="back-link" to="/devices">
        <Icon name="left" size={13} /> {t('device.back')}
      </Link>
      <PageHeader title={device?.name ?? ''} note={device && <StateBadge state={device.state} />}>
        {device && (
          <Link className="button" to={`/exports/new?device=${device.id}`}>
            {t('exports.link')}
          </Link>
        )}
      </PageHeader>
      {fetched.isError && <ProblemView error={fetched.error} on_retry={() => void fetched.refetch()} />}
      {fetched.isPending && <Skeleton rows={10} height={26} />}
      {device && (
        <>
          <Identity device={device} />
          <Tabs
            label={t('device.parts')}
            tabs={[
              { to: `/devices/${id}`, label: t('device.part_values') },
              ...parts.map((one) => ({ to: `/devices/${id}/${one}`, label: t(`device.part_${one}`) })),
            ]}
          />
          <Suspense fallback={<Skeleton rows={8} height={26} />}>
            <DevicePart device={device} part={part} />
          </Suspense>
        </>
      )}
    </>
  );
}

export default function DevicePage() {
  const { device_id = '', part } = useParams();
  const shown = part === undefined ? 'values' : parts.find((one) => one === part);
  if (!/^\d{1,15}$/.test(device_id) || !shown) return <NotFoundPage />;
  return (
    <AntdScope>
      <Device key={device_id} id={Number(device_id)} part={shown} />
    </AntdScope>
  );
}
