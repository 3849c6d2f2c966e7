import { Link, useParams, useSearchParams } from 'react-router';
import { Icon } from '../../components/icons.tsx';
import { PageHeader } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import NotFoundPage from '../shell/not_found_page.tsx';
import { TraceView } from './trace_view.tsx';

/** The trace of one of a gateway's channels. */
export default function ChannelTracePage() {
  const { t } = useLanguage();
  const { gateway_id = '' } = useParams();
  const [parameters] = useSearchParams();
  const channel = parameters.get('channel') ?? '';
  if (!/^\d{1,15}$/.test(gateway_id) || channel === '') return <NotFoundPage />;
  return (
    <>
      <Link className="back-link" to={`/gateways/${gateway_id}`}>
        <Icon name="left" size={13} /> {t('gateway.title')}
      </Link>
      <PageHeader title={t('trace.of_channel', { channel })} />
      <TraceView subject={{ gateway_id: Number(gateway_id), channel }} name={`trace-${channel}`} />
    </>
  );
}
