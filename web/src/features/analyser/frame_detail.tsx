import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import type { AnalysedFrame, AnalysedItem } from '../../api/types.ts';
import { CopyButton } from '../../components/copy_button.tsx';
import { Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { OctetGrid } from '../provenance/octet_grid.tsx';
import '../provenance/provenance.css';
import { ValidityMark } from './analysis_view.tsx';
import { analyser_path } from './link.ts';

/** One frame: what it is, its octets and fields, and ways to take it along. */
export function ExplainedFrame({ frame, is_apdu }: { frame: AnalysedFrame; is_apdu: boolean }) {
  const { t, language } = useLanguage();
  // Fields are not given for every frame of a long text: ask for this one alone.
  const alone = useQuery({
    ...queries.analysed_frame(frame.hex, frame.protocol, is_apdu),
    enabled: frame.fields === null,
  });
  const fields = frame.fields ?? alone.data?.items.find((item) => item.frame)?.frame?.fields;
  const summary = language === 'en' ? frame.summary_en : frame.summary_zh;
  const fault = language === 'en' ? frame.fault_en : frame.fault_zh;
  const link = () =>
    new URL(analyser_path({ hex: frame.hex, protocol: frame.protocol, is_apdu }), window.location.origin).toString();
  return (
    <div className="analyser-frame">
      <p className="analyser-frame-head">
        <ValidityMark frame={frame} />
        <span>{summary}</span>
      </p>
      <div className="analyser-copies">
        <CopyButton label={t('analyser.copy_json')} text={() => JSON.stringify(frame.decoded, null, 2)} />
        <CopyButton label={t('analyser.copy_link')} text={link} />
      </div>
      {frame.is_valid && frame.has_fault && (
        <p className="octets-error" role="note">
          <span aria-hidden="true">▲</span> {t('analyser.content_says', { fault })}
        </p>
      )}
      {fields ? (
        <OctetGrid title={t('analyser.octets')} octets={{ hex: frame.hex, error: frame.is_valid ? null : fault, fields }} />
      ) : alone.isError ? (
        <ProblemView error={alone.error} on_retry={() => void alone.refetch()} />
      ) : (
        <Skeleton rows={6} height={22} />
      )}
    </div>
  );
}

export function FrameDetail({ item, is_apdu }: { item: AnalysedItem; is_apdu: boolean }) {
  const { t } = useLanguage();
  const place = t(item.offset > 0 ? 'analyser.place_within' : 'analyser.place', {
    line: item.line,
    column: item.column,
    offset: item.offset,
  });
  if (!item.frame) {
    return (
      <Panel title={t('analyser.gap')} note={place}>
        <p className="faint">{t('analyser.gap_text')}</p>
        <OctetGrid title={t('analyser.octets')} octets={{ hex: item.gap?.hex ?? '', error: null, fields: [] }} />
      </Panel>
    );
  }
  return (
    <Panel title={t('analyser.frame')} note={place}>
      <ExplainedFrame frame={item.frame} is_apdu={is_apdu} />
    </Panel>
  );
}
