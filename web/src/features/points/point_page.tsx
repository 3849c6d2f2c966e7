import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { ApiError } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { PointDetail } from '../../api/types.ts';
import { Icon } from '../../components/icons.tsx';
import { Empty, Fact, PageHeader, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { usable_time_zone } from '../../format/zoned_time.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { useSession } from '../session/session.tsx';
import NotFoundPage from '../shell/not_found_page.tsx';
import { PointTariffsPanel } from '../tariffs/point_tariffs_panel.tsx';
import { ConsumptionPanel } from './consumption_panel.tsx';
import { ExchangeDialog } from './exchange_dialog.tsx';
import './points.css';

function Chain({ point }: { point: PointDetail }) {
  const { t } = useLanguage();
  if (point.chain.length === 0) return <Empty title={t('points.no_device')} />;
  return (
    <ol className="point-chain">
      {[...point.chain].reverse().map((link) => (
        <li key={link.from} className={link.to === null ? 'point-link is-present' : 'point-link'}>
          <p className="point-link-head">
            <Link to={`/devices/${link.device.id}`}>{link.device.name}</Link>{' '}
            <span className="mono faint">{link.device.address}</span>
          </p>
          <p className="faint small">
            <TimeText time={link.from} time_zone={point.time_zone} /> –{' '}
            {link.to ? <TimeText time={link.to} time_zone={point.time_zone} /> : t('points.until_now')}
          </p>
          {link.registers.map((one) => (
            <dl key={one.name} className="facts">
              <Fact label={t('points.register')}>{register_label(one.name, t)}</Fact>
              <Fact label={t('points.ratio')}>
                <span className="number">
                  {one.ratio_numerator}
                  {one.ratio_denominator > 1 && `/${one.ratio_denominator}`}
                </span>
              </Fact>
              <Fact label={t('points.start')}>
                <span className="number">{one.start ?? '–'}</span>
              </Fact>
              <Fact label={t('points.end')}>
                <span className="number">{one.end ?? '–'}</span>
              </Fact>
            </dl>
          ))}
        </li>
      ))}
    </ol>
  );
}

function Events({ point }: { point: PointDetail }) {
  const { t } = useLanguage();
  return (
    <ol className="point-events">
      {[...point.events].reverse().map((event) => (
        <li key={`${event.made_at} ${event.action}`}>
          <strong>{t(`points.event_${event.action}`)}</strong> <TimeText time={event.at} time_zone={point.time_zone} /> ·{' '}
          {event.author}
          {event.reason && ` · ${event.reason}`}
        </li>
      ))}
    </ol>
  );
}

function Point({ id }: { id: number }) {
  const { t } = useLanguage();
  const session = useSession();
  const [acting, setActing] = useState<'exchange' | 'remove' | null>(null);
  const fetched = useQuery(queries.point(id));
  if (fetched.error instanceof ApiError && fetched.error.status === 404) return <NotFoundPage />;
  const point = fetched.data && { ...fetched.data, time_zone: usable_time_zone(fetched.data.time_zone) };
  return (
    <>
      <Link className="back-link" to="/points">
        <Icon name="left" size={13} /> {t('points.back')}
      </Link>
      <PageHeader title={point?.name ?? ''} note={point && (point.site?.name ?? point.organisation.name)}>
        {point && session.data?.role !== 'viewer' && (
          <>
            {point.device && (
              <button type="button" className="button" onClick={() => setActing('remove')}>
                {t('points.remove')}
              </button>
            )}
            <button type="button" className="button button-main" onClick={() => setActing('exchange')}>
              {t(point.device ? 'points.exchange' : 'points.install')}
            </button>
          </>
        )}
      </PageHeader>
      {fetched.isError && <ProblemView error={fetched.error} on_retry={() => void fetched.refetch()} />}
      {fetched.isPending && <Skeleton rows={10} height={26} />}
      {point && (
        <>
          {point.chain.length > 0 && <ConsumptionPanel point={point} />}
          {(point.customer || point.transformer) && (
            <dl className="facts">
              {point.customer && (
                <Fact label={t('point_import.customer')}>
                  {point.customer.name} <span className="mono faint">{point.customer.code}</span>
                </Fact>
              )}
              {point.transformer && (
                <Fact label={t('point_import.transformer')}>
                  {point.transformer.name} <span className="mono faint">{point.transformer.code}</span>
                </Fact>
              )}
            </dl>
          )}
          <PointTariffsPanel point={id} />
          <Panel title={t('points.chain')} note={t('points.chain_note')}>
            <Chain point={point} />
          </Panel>
          <Panel title={t('points.events')}>
            <Events point={point} />
          </Panel>
          {acting && <ExchangeDialog point={point} is_removal={acting === 'remove'} on_close={() => setActing(null)} />}
        </>
      )}
    </>
  );
}

export default function PointPage() {
  const { point_id = '' } = useParams();
  if (!/^\d{1,15}$/.test(point_id)) return <NotFoundPage />;
  return <Point key={point_id} id={Number(point_id)} />;
}
