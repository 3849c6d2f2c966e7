import { NavLink, Outlet } from 'react-router';
import { PageHeader } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import './analyser.css';

/** The frame around the analyser's two parts. */
export default function AnalyserPage() {
  const { t } = useLanguage();
  return (
    <>
      <PageHeader title={t('analyser.title')} note={t('analyser.note')}>
        <nav className="segmented analyser-parts" aria-label={t('analyser.parts')}>
          <NavLink to="/analyser" end className={({ isActive }) => (isActive ? 'is-chosen' : '')}>
            {t('analyser.analyse')}
          </NavLink>
          <NavLink to="/analyser/build" className={({ isActive }) => (isActive ? 'is-chosen' : '')}>
            {t('analyser.build')}
          </NavLink>
        </nav>
      </PageHeader>
      <Outlet />
    </>
  );
}
