import { Link, Outlet } from 'react-router';
import { Icon } from '../../components/icons.tsx';
import { PageHeader } from '../../components/layout.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { useSession } from '../session/session.tsx';
import './exports.css';

/** The frame around files out and files in. */
export default function ExportsPage() {
  const { t } = useLanguage();
  const session = useSession();
  const tabs = [
    { to: '/exports', label: t('exports.list') },
    { to: '/exports/new', label: t('exports.new') },
  ];
  if (session.data && session.data.role !== 'viewer') tabs.push({ to: '/exports/import', label: t('exports.import') });
  return (
    <>
      <Link className="back-link" to="/devices">
        <Icon name="left" size={13} /> {t('device.back')}
      </Link>
      <PageHeader title={t('exports.title')} note={t('exports.note')} />
      <Tabs label={t('exports.title')} tabs={tabs} />
      <Outlet />
    </>
  );
}
