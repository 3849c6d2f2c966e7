import { Suspense } from 'react';
import { Outlet } from 'react-router';
import { PageHeader, Skeleton } from '../../components/layout.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import './sensors.css';

export default function SensorsPage() {
  const { t } = useLanguage();
  return (
    <>
      <PageHeader title={t('sensors.title')} />
      <Tabs
        label={t('sensors.parts')}
        tabs={[
          { to: '/sensors', label: t('sensors.part_list') },
          { to: '/sensors/conditions', label: t('sensors.part_conditions') },
        ]}
      />
      <Suspense fallback={<Skeleton rows={8} height={30} />}>
        <Outlet />
      </Suspense>
    </>
  );
}
