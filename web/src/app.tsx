import { type QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';
import { make_query_client, queries } from './api/queries.ts';
import { Splash } from './components/splash.tsx';
import { read_list_state } from './features/devices/list_state.ts';
import LoginPage from './features/session/login_page.tsx';
import { RequireSession, session_lost } from './features/session/session.tsx';
import { LanguageProvider } from './i18n/index.tsx';
import { ThemeProvider } from './theme/theme_context.tsx';

// Each page is a bundle of its own: the login needs neither tables nor charts.
const load = {
  shell: () => import('./features/shell/shell.tsx').then(({ Shell: page }) => ({ default: page })),
  overview: () => import('./features/overview/overview_page.tsx'),
  device_list: () => import('./features/devices/device_list_page.tsx'),
  device: () => import('./features/devices/device_page.tsx'),
  frame: () => import('./features/provenance/frame_page.tsx'),
  figure: () => import('./features/provenance/figure_page.tsx'),
  gateways: () => import('./features/gateways/gateways_page.tsx'),
  sources: () => import('./features/sources/sources_page.tsx'),
  status: () => import('./features/status/status_page.tsx'),
  analyser: () => import('./features/analyser/analyser_page.tsx'),
  models: () => import('./features/models/models_page.tsx'),
  jobs: () => import('./features/orders/job_list_page.tsx'),
  alarms: () => import('./features/alarms/alarms_page.tsx'),
};
const Shell = lazy(load.shell);
const OverviewPage = lazy(load.overview);
const DeviceListPage = lazy(load.device_list);
const DevicePage = lazy(load.device);
const FramePage = lazy(load.frame);
const FigurePage = lazy(load.figure);
const GatewaysPage = lazy(load.gateways);
const SourcesPage = lazy(load.sources);
const StatusPage = lazy(load.status);
const AnalyserPage = lazy(load.analyser);
const ModelsPage = lazy(load.models);
const JobListPage = lazy(load.jobs);
const AlarmsPage = lazy(load.alarms);
const ModelPage = lazy(() => import('./features/models/model_page.tsx'));
const JobPage = lazy(() => import('./features/orders/job_page.tsx'));
const OperationLogPage = lazy(() => import('./features/orders/operation_log_page.tsx'));
const SamplingListPage = lazy(() => import('./features/orders/sampling_list_page.tsx'));
const SamplingChangePage = lazy(() => import('./features/orders/sampling_change_page.tsx'));
const NewJobPage = lazy(() => import('./features/orders/new_job_page.tsx'));
const GatewayPage = lazy(() => import('./features/gateways/gateway_page.tsx'));
const SumsPage = lazy(() => import('./features/processing/sums_page.tsx'));
const SumPage = lazy(() => import('./features/processing/sum_page.tsx'));
const ChannelTracePage = lazy(() => import('./features/tracing/channel_trace_page.tsx'));
const OnboardingPage = lazy(() => import('./features/onboarding/onboarding_page.tsx'));
const AddOnePart = lazy(() => import('./features/onboarding/add_one_part.tsx'));
const ImportPart = lazy(() => import('./features/onboarding/import_part.tsx'));
const CalledInPart = lazy(() => import('./features/onboarding/called_in_part.tsx'));
const PointsPage = lazy(() => import('./features/points/points_page.tsx'));
const PointPage = lazy(() => import('./features/points/point_page.tsx'));
const PointImportPage = lazy(() => import('./features/points/point_import_page.tsx'));
const TariffsPage = lazy(() => import('./features/tariffs/tariffs_page.tsx'));
const EquipmentPage = lazy(() => import('./features/equipment/equipment_page.tsx'));
const SensorsPage = lazy(() => import('./features/sensors/sensors_page.tsx'));
const SensorListPart = lazy(() => import('./features/sensors/sensor_list_part.tsx'));
const ConditionsPart = lazy(() => import('./features/sensors/conditions_part.tsx'));
const FleetPage = lazy(() => import('./features/aggregates/fleet_page.tsx'));
const CompletenessPage = lazy(() => import('./features/completeness/completeness_page.tsx'));
const ReviewPage = lazy(() => import('./features/edits/review_page.tsx'));
const BackupsPage = lazy(() => import('./features/backups/backups_page.tsx'));
const ExportsPage = lazy(() => import('./features/exports/exports_page.tsx'));
const ExportListPart = lazy(() => import('./features/exports/export_list_part.tsx'));
const NewExportPart = lazy(() => import('./features/exports/new_export_part.tsx'));
const HistoryImportPart = lazy(() => import('./features/exports/history_import_part.tsx'));
const AnalysePart = lazy(() => import('./features/analyser/analyse_part.tsx'));
const BuildPart = lazy(() => import('./features/analyser/build_part.tsx'));
const WallPage = lazy(() => import('./features/wall/wall_page.tsx'));
const PasswordPage = lazy(() => import('./features/session/password_page.tsx'));
const NotFoundPage = lazy(() => import('./features/shell/not_found_page.tsx'));

/** Sends for the page at this address, code and answers, while the platform is still being asked who is logged in. */
export function preload(client: QueryClient, { pathname, search }: { pathname: string; search: string }): void {
  const [place, rest] = pathname.split('/').slice(1);
  const page =
    place === 'devices'
      ? rest
        ? load.device
        : load.device_list
      : {
          '': load.overview,
          frames: load.frame,
          gateways: load.gateways,
          sources: load.sources,
          status: load.status,
          analyser: load.analyser,
          models: load.models,
          jobs: load.jobs,
          alarms: load.alarms,
        }[place ?? ''];
  // What fails here fails again, and is told, where the page is wanted.
  for (const ask of page ? [load.shell, page] : [load.shell]) ask().catch(() => undefined);
  if (page === load.overview) void client.prefetchQuery(queries.overview());
  if (page === load.device_list) void client.prefetchQuery(queries.devices(read_list_state(new URLSearchParams(search))));
  if (page === load.device && /^\d+$/.test(rest ?? '')) void client.prefetchQuery(queries.device(Number(rest)));
}

export function AppRoutes() {
  return (
    <Routes>
      <Route path="/login" element={<LoginPage />} />
      <Route
        path="/wall/:place?"
        element={
          <RequireSession>
            <Suspense fallback={<Splash />}>
              <WallPage />
            </Suspense>
          </RequireSession>
        }
      />
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
        <Route path="devices/:device_id/:part" element={<DevicePage />} />
        <Route path="onboarding" element={<OnboardingPage />}>
          <Route index element={<AddOnePart />} />
          <Route path="file" element={<ImportPart />} />
          <Route path="called-in" element={<CalledInPart />} />
        </Route>
        <Route path="points" element={<PointsPage />} />
        <Route path="points/import" element={<PointImportPage />} />
        <Route path="points/:point_id" element={<PointPage />} />
        <Route path="tariffs" element={<TariffsPage />} />
        <Route path="equipment" element={<EquipmentPage />} />
        <Route path="sensors" element={<SensorsPage />}>
          <Route index element={<SensorListPart />} />
          <Route path="conditions" element={<ConditionsPart />} />
        </Route>
        <Route path="consumption" element={<FleetPage />} />
        <Route path="completeness" element={<CompletenessPage />} />
        <Route path="review" element={<ReviewPage />} />
        <Route path="backups" element={<BackupsPage />} />
        <Route path="exports" element={<ExportsPage />}>
          <Route index element={<ExportListPart />} />
          <Route path="new" element={<NewExportPart />} />
          <Route path="import" element={<HistoryImportPart />} />
        </Route>
        <Route path="alarms" element={<AlarmsPage />} />
        <Route path="jobs" element={<JobListPage />} />
        <Route path="jobs/new" element={<NewJobPage />} />
        <Route path="jobs/sampling" element={<SamplingListPage />} />
        <Route path="jobs/sampling/:change_id" element={<SamplingChangePage />} />
        <Route path="jobs/log" element={<OperationLogPage />} />
        <Route path="jobs/:job_id" element={<JobPage />} />
        <Route path="models" element={<ModelsPage />} />
        <Route path="models/:model_id" element={<ModelPage />} />
        <Route path="frames/:frame" element={<FramePage />} />
        <Route path="figures" element={<FigurePage />} />
        <Route path="gateways" element={<GatewaysPage />} />
        <Route path="gateways/:gateway_id" element={<GatewayPage />} />
        <Route path="gateways/:gateway_id/trace" element={<ChannelTracePage />} />
        <Route path="gateways/:gateway_id/sums" element={<SumsPage />} />
        <Route path="gateways/:gateway_id/sums/:sum_id" element={<SumPage />} />
        <Route path="sources" element={<SourcesPage />} />
        <Route path="status" element={<StatusPage />} />
        <Route path="analyser" element={<AnalyserPage />}>
          <Route index element={<AnalysePart />} />
          <Route path="build" element={<BuildPart />} />
        </Route>
        <Route path="password" element={<PasswordPage />} />
        <Route path="*" element={<NotFoundPage />} />
      </Route>
    </Routes>
  );
}

export function make_client(): QueryClient {
  return make_query_client(session_lost);
}

/** What every page needs around it; tests put their own router inside. */
export function AppProviders({ client: given, children }: { client?: QueryClient; children: ReactNode }) {
  const [client] = useState(() => given ?? make_client());
  return (
    <ThemeProvider>
      <LanguageProvider>
        <QueryClientProvider client={client}>{children}</QueryClientProvider>
      </LanguageProvider>
    </ThemeProvider>
  );
}

export function App({ client }: { client: QueryClient }) {
  return (
    <AppProviders client={client}>
      <BrowserRouter>
        <AppRoutes />
      </BrowserRouter>
    </AppProviders>
  );
}
