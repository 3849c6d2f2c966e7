import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import type { OrderDetail, OrderValue } from '../../api/types.ts';
import { QualityMarks } from '../../components/badges.tsx';
import { Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { value_text } from '../../format/value.ts';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { OctetGrid } from '../provenance/octet_grid.tsx';
import '../provenance/provenance.css';
import { is_final, OrderBadge, reason_text } from './order_badge.tsx';

export function OrderValues({ values, time_zone }: { values: readonly OrderValue[]; time_zone?: string | undefined }) {
  const { t } = useLanguage();
  return (
    <ul className="frame-readings">
      {values.map(({ register, unit, kind, value, time, quality, read_back }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: one register may stand there several times, and the list never changes
        <li key={index}>
          <span>
            {register_label(register, t)} {read_back && <span className="chip">{t('orders.read_back')}</span>}
          </span>
          <span className="number frame-reading-value">
            {value === null ? t('device.no_value') : value_text(register, kind, value)} <span className="unit">{unit}</span>
          </span>
          <span className="faint small">
            <QualityMarks quality={quality} /> <TimeText time={time} time_zone={time_zone} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function Frames({ order }: { order: OrderDetail }) {
  const { t } = useLanguage();
  return order.frames.map((frame, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: frames have no name of their own and never change places
    <div key={index} className="order-frame">
      {frame.request && <OctetGrid title={t('provenance.request')} octets={frame.request} />}
      {frame.response ? (
        <OctetGrid title={t('provenance.response')} octets={frame.response} />
      ) : (
        <p className="octets-error">{t('provenance.no_response')}</p>
      )}
    </div>
  ));
}

/** What became of one order: its state, the values it brought, and what went over the line. Watches until it has ended. */
export function OrderResult({ id, time_zone, with_frames = true }: { id: number; time_zone?: string; with_frames?: boolean }) {
  const { t } = useLanguage();
  const order = useQuery({
    ...queries.order(id),
    refetchInterval: ({ state }) => (state.data && is_final(state.data.state) ? false : 1_000),
  });
  if (order.isPending) return <Skeleton rows={2} height={20} />;
  if (order.isError) return <ProblemView error={order.error} on_retry={() => void order.refetch()} />;
  const { data } = order;
  return (
    <div className="order-result" aria-live="polite">
      <p>
        <OrderBadge state={data.state} />
        {data.reason && <span> · {reason_text(data.reason, data.detail, t)}</span>}
      </p>
      {data.values.length > 0 && <OrderValues values={data.values} time_zone={time_zone} />}
      {with_frames && data.frames.length > 0 && (
        <details className="order-frames">
          <summary>{t('orders.frames', { count: data.frames.length })}</summary>
          <Frames order={data} />
        </details>
      )}
    </div>
  );
}
