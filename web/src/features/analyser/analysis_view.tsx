import { useState } from 'react';
import type { AnalysedItem, Analysis } from '../../api/types.ts';
import { CopyButton } from '../../components/copy_button.tsx';
import { Empty, Panel } from '../../components/layout.tsx';
import { type Language, useLanguage } from '../../i18n/index.tsx';
import { spaced_hex } from '../provenance/octets.ts';
import { FrameDetail } from './frame_detail.tsx';

/** How good a frame is, in a word and a shape. */
export function ValidityMark({ frame }: { frame: { is_valid: boolean; has_fault: boolean } }) {
  const { t } = useLanguage();
  if (!frame.is_valid) return <span className="mark mark-failed">{t('analyser.invalid')}</span>;
  if (frame.has_fault) return <span className="mark mark-degraded">{t('analyser.content_fault')}</span>;
  return <span className="mark mark-ok">{t('analyser.valid')}</span>;
}

function first_line(item: AnalysedItem, language: Language): string {
  if (!item.frame) return '';
  const summary = language === 'en' ? item.frame.summary_en : item.frame.summary_zh;
  const fault = language === 'en' ? item.frame.fault_en : item.frame.fault_zh;
  return item.frame.is_valid ? summary : fault || summary;
}

function ItemRow({ item, is_chosen, on_choose }: { item: AnalysedItem; is_chosen: boolean; on_choose: () => void }) {
  const { t, language } = useLanguage();
  const lines = item.last_line > item.line ? `${item.line}–${item.last_line}` : String(item.line);
  return (
    <li>
      <button
        type="button"
        className={`analyser-item ${is_chosen ? 'is-chosen' : ''} ${item.frame ? '' : 'is-gap'}`}
        aria-current={is_chosen}
        onClick={on_choose}
      >
        <span className="analyser-item-head">
          {item.frame ? <ValidityMark frame={item.frame} /> : <span className="mark">{t('analyser.gap')}</span>}
          {item.frame && <span className="analyser-protocol">{item.frame.protocol}</span>}
          {item.frame?.address && <span className="mono">{item.frame.address}</span>}
          <span className="analyser-item-place faint small">
            {item.direction !== 'unknown' && `${t(`analyser.${item.direction}`)} · `}
            {item.time && `${item.time} · `}
            {t('analyser.line', { line: lines })}
          </span>
        </span>
        <span className="analyser-item-text">
          {item.frame ? first_line(item, language) : <span className="mono">{spaced_hex(item.gap?.hex ?? '').slice(0, 95)}</span>}
        </span>
      </button>
    </li>
  );
}

function Skipped({ log }: { log: Analysis['log'] }) {
  const { t } = useLanguage();
  if (log.skipped_lines === 0) return null;
  return (
    <details className="analyser-skipped">
      <summary>{t('analyser.skipped', { count: log.skipped_lines })}</summary>
      <ul>
        {log.skipped.map(({ line, reason, text }) => (
          <li key={line}>
            <span className="number faint">{line}</span> <span className="mono">{text}</span>{' '}
            <span className="faint small">{t(`analyser.reason_${reason}`)}</span>
          </li>
        ))}
      </ul>
      {log.skipped.length < log.skipped_lines && (
        <p className="faint small">{t('analyser.more_skipped', { count: log.skipped_lines - log.skipped.length })}</p>
      )}
    </details>
  );
}

/** What came out of a text: the frames in their order, and the chosen one in detail. */
export function AnalysisView({ analysis, is_apdu }: { analysis: Analysis; is_apdu: boolean }) {
  const { t } = useLanguage();
  const { items } = analysis;
  const first = Math.max(
    0,
    items.findIndex(({ frame }) => frame),
  );
  const [index, setIndex] = useState(first);
  const chosen = items[index];
  if (!chosen) {
    return (
      <>
        <Empty title={t('analyser.no_frames')} hint={t('analyser.no_frames_hint')} />
        <Skipped log={analysis.log} />
      </>
    );
  }
  const beyond = analysis.frames + analysis.gaps - items.length;
  const all_json = () =>
    JSON.stringify(
      items.flatMap(({ frame }) => (frame ? [frame.decoded] : [])),
      null,
      2,
    );
  return (
    <>
      <Panel
        title={t('analyser.frames')}
        note={t('analyser.counts', {
          frames: analysis.frames,
          valid: analysis.valid_frames,
          octets: analysis.gap_octets,
        })}
        actions={<CopyButton label={t('analyser.copy_all')} text={all_json} />}
        className="analyser-frames"
      >
        <ol className="analyser-list" aria-label={t('analyser.frames')}>
          {items.map((item, at) => (
            <ItemRow
              key={`${item.line}-${item.column}-${item.offset}`}
              item={item}
              is_chosen={at === index}
              on_choose={() => setIndex(at)}
            />
          ))}
        </ol>
        {beyond > 0 && <p className="analyser-beyond small">{t('analyser.beyond', { count: beyond, shown: items.length })}</p>}
        <Skipped log={analysis.log} />
      </Panel>
      <FrameDetail key={index} item={chosen} is_apdu={is_apdu} />
    </>
  );
}
