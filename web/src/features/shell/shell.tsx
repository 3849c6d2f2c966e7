import { type ReactNode, Suspense, useEffect, useRef } from 'react';
import { Link, NavLink, Outlet, useLocation } from 'react-router';
import { ErrorBoundary } from '../../components/error_boundary.tsx';
import { Icon } from '../../components/icons.tsx';
import { Skeleton } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { Mark } from '../../theme/mark.tsx';
import { AlarmBadge } from '../alarms/alarm_badge.tsx';
import { LiveProvider } from '../live/live_context.tsx';
import { LiveIndicator } from '../live/live_indicator.tsx';
import { FrameDrawerGate } from '../provenance/frame_drawer_gate.tsx';
import { useSession } from '../session/session.tsx';
import { AccountMenu } from './account_menu.tsx';

const places = [
  { to: '/', icon: 'overview', label: 'nav.overview', short: 'nav.overview' },
  { to: '/alarms', icon: 'alarms', label: 'nav.alarms', short: 'nav.alarms' },
  { to: '/devices', icon: 'devices', label: 'nav.devices', short: 'nav.devices' },
  { to: '/points', icon: 'points', label: 'nav.points', short: 'nav.points' },
  { to: '/consumption', icon: 'bars', label: 'nav.fleet', short: 'nav.fleet_short' },
  { to: '/completeness', icon: 'check', label: 'nav.completeness', short: 'nav.completeness_short' },
  { to: '/review', icon: 'eye', label: 'nav.review', short: 'nav.review_short' },
  { to: '/sensors', icon: 'sensors', label: 'nav.sensors', short: 'nav.sensors' },
  { to: '/gateways', icon: 'gateways', label: 'nav.gateways', short: 'nav.gateways' },
  { to: '/equipment', icon: 'gateways', label: 'nav.equipment', short: 'nav.equipment_short' },
  { to: '/jobs', icon: 'jobs', label: 'nav.jobs', short: 'nav.jobs' },
  { to: '/models', icon: 'models', label: 'nav.models', short: 'nav.models_short' },
  { to: '/sources', icon: 'sources', label: 'nav.sources', short: 'nav.sources_short' },
  { to: '/analyser', icon: 'analyser', label: 'nav.analyser', short: 'nav.analyser_short' },
  { to: '/backups', icon: 'backups', label: 'nav.backups', short: 'nav.backups_short' },
  { to: '/status', icon: 'status', label: 'nav.status', short: 'nav.status_short' },
] as const;

function Brand() {
  const { language } = useLanguage();
  return (
    <Link to="/" className="brand">
      <Mark size={30} />
      <span className="brand-name" lang="zh-CN">
        度衡
      </span>
      <span className={language === 'en' ? 'brand-latin is-first' : 'brand-latin'} lang="en">
        Duheng
      </span>
    </Link>
  );
}

/** The platform's own state is for who sees all of it. */
function usePlaces() {
  const session = useSession();
  const is_shown = (to: string) =>
    to === '/status'
      ? session.data?.whole_platform
      : to !== '/backups' || (session.data?.whole_platform && session.data.role === 'admin');
  return places.filter(({ to }) => is_shown(to));
}

function Navigation() {
  const { t } = useLanguage();
  const { pathname } = useLocation();
  const frame = useRef<HTMLElement>(null);
  // On a phone and in a low window only some places are in sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page is what moves it
  useEffect(() => {
    frame.current?.querySelector('.place.active')?.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  }, [pathname]);
  return (
    <nav className="navigation" aria-label={t('nav.label')} ref={frame}>
      {usePlaces().map(({ to, icon, label, short }) => (
        <NavLink key={to} to={to} end={to === '/'} className="place">
          <Icon name={icon} size={20} />
          <span className="place-long">{t(label)}</span>
          <span className="place-short" aria-hidden="true">
            {t(short)}
          </span>
          {to === '/alarms' && <AlarmBadge />}
        </NavLink>
      ))}
    </nav>
  );
}

/** Moves the keyboard to the new page's head, as a page load would. */
function FocusOnNavigation({ children }: { children: ReactNode }) {
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const last_path = useRef(pathname);
  useEffect(() => {
    if (last_path.current === pathname) return;
    last_path.current = pathname;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [pathname]);
  return (
    <main id="content" className="content" tabIndex={-1} ref={main}>
      {children}
    </main>
  );
}

function RenderFault() {
  const { t } = useLanguage();
  return (
    <div className="problem" role="alert">
      <Icon name="warning" size={22} />
      <div className="problem-body">
        <p>{t('error.render')}</p>
        <button type="button" className="button" onClick={() => window.location.reload()}>
          {t('error.reload')}
        </button>
      </div>
    </div>
  );
}

/** The frame around every page of a logged-in user. */
export function Shell() {
  const { t } = useLanguage();
  const session = useSession();
  const { pathname } = useLocation();
  return (
    <LiveProvider>
      <a className="skip-link" href="#content">
        {t('app.skip')}
      </a>
      <div className="shell">
        <header className="rail">
          <Brand />
          <Navigation />
          <div className="rail-foot">
            <LiveIndicator />
            {session.data && <AccountMenu session={session.data} />}
          </div>
        </header>
        <FocusOnNavigation>
          <ErrorBoundary key={pathname} fallback={<RenderFault />}>
            <Suspense fallback={<Skeleton rows={6} height={22} />}>
              <Outlet />
            </Suspense>
          </ErrorBoundary>
        </FocusOnNavigation>
      </div>
      <FrameDrawerGate />
    </LiveProvider>
  );
}
