import { QueryClientProvider } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';
import { make_query_client } from './api/queries.ts';
import { Splash } from './components/splash.tsx';
import LoginPage from './features/session/login_page.tsx';
import { RequireSession, session_lost } from './features/session/session.tsx';
import { LanguageProvider } from './i18n/index.tsx';
import { ThemeProvider } from './theme/theme_context.tsx';

// Each page is a bundle of its own: the login needs neither tables nor charts.
const Shell = lazy(() => import('./features/shell/shell.tsx').then(({ Shell: page }) => ({ default: page })));
const OverviewPage = lazy(() => import('./features/overview/overview_page.tsx'));
const DeviceListPage = lazy(() => import('./features/devices/device_list_page.tsx'));
const DevicePage = lazy(() => import('./features/devices/device_page.tsx'));
const FramePage = lazy(() => import('./features/provenance/frame_page.tsx'));
const GatewaysPage = lazy(() => import('./features/gateways/gateways_page.tsx'));
const SourcesPage = lazy(() => import('./features/sources/sources_page.tsx'));
const StatusPage = lazy(() => import('./features/status/status_page.tsx'));
const NotFoundPage = lazy(() => import('./features/shell/not_found_page.tsx'));

export function AppRoutes() {
  return (
    <Routes>
      <Route path="/login" element={<LoginPage />} />
      <Route
        element={
          <RequireSession>
            <Suspense fallback={<Splash />}>
              <Shell />
            </Suspense>
          </RequireSession>
        }
      >
        <Route index element={<OverviewPage />} />
        <Route path="devices" element={<DeviceListPage />} />
        <Route path="devices/:device_id" element={<DevicePage />} />
        <Route path="frames/:frame" element={<FramePage />} />
        <Route path="gateways" element={<GatewaysPage />} />
        <Route path="sources" element={<SourcesPage />} />
        <Route path="status" element={<StatusPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}

/** What every page needs around it; tests put their own router inside. */
export function AppProviders({ children }: { children: ReactNode }) {
  const [client] = useState(() => make_query_client(session_lost));
  return (
    <ThemeProvider>
      <LanguageProvider>
        <QueryClientProvider client={client}>{children}</QueryClientProvider>
      </LanguageProvider>
    </ThemeProvider>
  );
}

export function App() {
  return (
    <AppProviders>
      <BrowserRouter>
        <AppRoutes />
      </BrowserRouter>
    </AppProviders>
  );
}
