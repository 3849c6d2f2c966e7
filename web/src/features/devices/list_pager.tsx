import { Pagination } from 'antd';
import type { DevicePage } from '../../api/types.ts';
import { AntdScope } from '../../components/antd_scope.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import type { ListChange } from './list_filters.tsx';
import { page_sizes } from './list_state.ts';

export default function ListPager({ page, on_change }: { page: DevicePage; on_change: (change: ListChange) => void }) {
  const { t } = useLanguage();
  return (
    <AntdScope>
      <Pagination
        className="pager"
        current={page.page}
        pageSize={page.page_size}
        total={page.total}
        pageSizeOptions={[...page_sizes]}
        showSizeChanger={{ 'aria-label': t('devices.page_size', { count: page.page_size }) }}
        responsive
        showTotal={(total) => t('common.total', { count: total })}
        onChange={(number, size) => on_change(size === page.page_size ? { page: number } : { page_size: size, page: 1 })}
      />
    </AntdScope>
  );
}
