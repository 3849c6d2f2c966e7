import { QualityMarks } from '../../components/badges.tsx';
import { type Column, DataTable } from '../../components/data_table.tsx';
import { Empty } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import type { Preview, PreviewRow } from './processing_api.ts';

const shown_max = 60;

/** The values of the last hour and what the rule would make of them, newest first. */
export function PreviewTable({ preview }: { preview: Preview }) {
  const { t, language } = useLanguage();
  const time = new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
  const rows = [...preview.rows].reverse();
  const columns: Column<PreviewRow>[] = [
    { key: 'time', header: t('processing.column_time'), is_title: true, cell: (row) => time.format(new Date(row.time)) },
    {
      key: 'raw',
      header: `${t('processing.column_raw')}${preview.raw_unit ? ` (${preview.raw_unit})` : ''}`,
      align: 'end',
      cell: ({ raw, raw_quality }) => (
        <span className="number">
          {raw ?? '–'} <QualityMarks quality={raw_quality} />
        </span>
      ),
    },
    {
      key: 'result',
      header: `${t('processing.column_result')}${preview.unit ? ` (${preview.unit})` : ''}`,
      align: 'end',
      cell: ({ result, quality, held_back }) =>
        held_back ? (
          <span className="faint">{t('processing.held_back')}</span>
        ) : (
          <span className="number">
            {result ?? '–'} <QualityMarks quality={quality} />
          </span>
        ),
    },
  ];
  if (rows.length === 0) return <Empty title={t('processing.no_values')} hint={t('processing.no_values_hint')} />;
  return (
    <section className="is-wide preview" aria-label={t('processing.preview_title')}>
      <h3>{t('processing.preview_title')}</h3>
      <p className="faint">{t('processing.preview_note', { count: rows.length })}</p>
      <DataTable
        caption={t('processing.preview_title')}
        columns={columns}
        rows={rows.slice(0, shown_max)}
        row_key={({ time: at }) => at}
      />
    </section>
  );
}
