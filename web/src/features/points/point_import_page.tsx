import { Link } from 'react-router';
import { file_urls } from '../../api/client.ts';
import { Icon } from '../../components/icons.tsx';
import { PageHeader, Panel } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { FileImportPart } from '../imports/file_import_part.tsx';

/** Many points by a file, out and in. */
export default function PointImportPage() {
  const { t } = useLanguage();
  return (
    <>
      <Link className="back-link" to="/points">
        <Icon name="left" size={13} /> {t('point_import.back')}
      </Link>
      <PageHeader title={t('point_import.open')} note={t('point_import.note')} />
      <FileImportPart kind="point" words="point_import" title="point_import.title" />
      <Panel
        title={t('point_import.export')}
        actions={
          <a className="button" href={file_urls.points} download="points.csv">
            {t('point_import.export')}
          </a>
        }
      >
        <p className="faint">{t('point_import.export_note')}</p>
      </Panel>
    </>
  );
}
