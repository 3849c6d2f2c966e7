import { useParams } from 'react-router';
import { PageHeader } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { FrameView } from './frame_view.tsx';

export default function FramePage() {
  const { t } = useLanguage();
  const { frame = '' } = useParams();
  return (
    <>
      <PageHeader title={t('provenance.title')} note={<span className="number">{t('provenance.subtitle', { frame })}</span>} />
      <FrameView key={frame} frame={frame} />
    </>
  );
}
