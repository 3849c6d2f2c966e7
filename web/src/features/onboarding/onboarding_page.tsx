import { useQuery } from '@tanstack/react-query';
import { Link, Outlet } from 'react-router';
import { queries } from '../../api/queries.ts';
import { Icon } from '../../components/icons.tsx';
import { Empty, PageHeader } from '../../components/layout.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import './onboarding.css';

/** The frame around the three ways in. */
export default function OnboardingPage() {
  const { t } = useLanguage();
  const session = useSession();
  const unknown = useQuery({ ...queries.unknown_devices(), refetchInterval: 10_000 });
  const is_viewer = session.data?.role === 'viewer';
  return (
    <>
      <Link className="back-link" to="/devices">
        <Icon name="left" size={13} /> {t('device.back')}
      </Link>
      <PageHeader title={t('onboarding.title')} note={t('onboarding.note')} />
      {is_viewer ? (
        <Empty title={t('orders.not_allowed')} hint={t('orders.not_allowed_hint')} />
      ) : (
        <>
          <Tabs
            label={t('onboarding.title')}
            tabs={[
              { to: '/onboarding', label: t('onboarding.one') },
              { to: '/onboarding/file', label: t('onboarding.file') },
              { to: '/onboarding/called-in', label: t('onboarding.called_in'), count: unknown.data?.devices.length },
            ]}
          />
          <Outlet />
        </>
      )}
    </>
  );
}
