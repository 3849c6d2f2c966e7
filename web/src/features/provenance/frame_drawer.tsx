import { Drawer } from 'antd';
import { Link } from 'react-router';
import { AntdScope } from '../../components/antd_scope.tsx';
import { Icon } from '../../components/icons.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { FrameView } from './frame_view.tsx';

export default function FrameDrawer({ frame, on_close }: { frame: string; on_close: () => void }) {
  const { t } = useLanguage();
  return (
    <AntdScope>
      <Drawer
        open
        onClose={on_close}
        size="min(820px, 100vw)"
        rootClassName="frame-drawer"
        title={<h2 className="drawer-title">{t('provenance.title')}</h2>}
        extra={
          <Link className="more-link" to={`/frames/${frame}`}>
            {t('provenance.open_page')} <Icon name="open" size={14} />
          </Link>
        }
      >
        <FrameView frame={frame} />
      </Drawer>
    </AntdScope>
  );
}
