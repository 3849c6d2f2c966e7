import { useMutation, useQuery } from '@tanstack/react-query';
import { Drawer } from 'antd';
import { type FormEvent, useState } from 'react';
import { ApiError, api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { NewEdits, Version, Versions } from '../../api/types.ts';
import { AntdScope } from '../../components/antd_scope.tsx';
import { QualityMarks } from '../../components/badges.tsx';
import { TextField } from '../../components/field.tsx';
import { Empty, Fact, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { date_time_text } from '../../format/zoned_time.ts';
import { is_message_key, useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { FrameLink } from '../provenance/frame_link.tsx';
import { is_number_text, useEditsMade } from './edit_tools.ts';
import './edits.css';

function MethodText({ method }: { method: string }) {
  const { t } = useLanguage();
  const key = `fill.method_${method}`;
  return is_message_key(key) ? t(key as 'fill.method_linear') : method;
}

function VersionCard({ version, versions, time_zone }: { version: Version; versions: Versions; time_zone: string }) {
  const { t } = useLanguage();
  const { edit } = version;
  return (
    <li className={version.in_force ? 'version is-in-force' : 'version'}>
      <header className="version-head">
        <strong>{edit ? t(`edits.kind_${edit.kind}`) : t('edits.read')}</strong>
        {version.in_force && <span className="version-badge">{t('edits.in_force')}</span>}
        <span className="version-value number">
          {edit
            ? t('edits.old_to_new', {
                old: edit.old_value ?? t('edits.nothing'),
                value: edit.value ?? t('edits.nothing'),
              })
            : (version.value ?? t('edits.nothing'))}{' '}
          <span className="unit">{versions.unit}</span>
        </span>
      </header>
      {edit ? (
        <dl className="facts">
          <Fact label={t('edits.by')}>{edit.author}</Fact>
          <Fact label={t('edits.when')}>
            <TimeText time={edit.made_at} time_zone={time_zone} />
          </Fact>
          <Fact label={t('edits.reason')}>{edit.reason}</Fact>
          {edit.method && (
            <Fact label={t('edits.method')}>
              <MethodText method={edit.method} />
            </Fact>
          )}
          <Fact label={t('edits.record')}>
            <span className="mono">{edit.record}</span>
          </Fact>
        </dl>
      ) : (
        <p className="version-read">
          {version.received_at && <TimeText time={version.received_at} time_zone={time_zone} milliseconds />}{' '}
          <QualityMarks quality={version.quality} />
          {(version.evidence ?? 0) > 1 && <span className="faint">{t('edits.evidence', { count: version.evidence ?? 0 })}</span>}{' '}
          {version.frame && <FrameLink frame={version.frame}>{t('edits.open_frame')}</FrameLink>}
        </p>
      )}
    </li>
  );
}

function EditForm({ versions, on_again }: { versions: Versions; on_again: () => void }) {
  const { t } = useLanguage();
  const edits_made = useEditsMade();
  const standing = versions.versions.find(({ in_force }) => in_force);
  const stands = standing?.value ?? null;
  const [value, setValue] = useState('');
  const [reason, setReason] = useState('');
  const [is_tried, setIsTried] = useState(false);
  const save = useMutation({
    mutationFn: (body: NewEdits) => api.edit(versions.series_id, body),
    onSuccess: () => {
      setValue('');
      setReason('');
      setIsTried(false);
      return edits_made();
    },
  });
  const is_conflict = save.error instanceof ApiError && save.error.status === 409;
  const send = (kind: NewEdits['kind']) => {
    setIsTried(true);
    if (!reason.trim() || (kind !== 'withdrawal' && !is_number_text(value))) return;
    const item = { time: versions.time, expected: stands };
    save.mutate({ kind, reason: reason.trim(), values: [kind === 'withdrawal' ? item : { ...item, value: value.trim() }] });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send(stands === null ? 'estimate' : 'correction');
  };
  return (
    <form className="edit-form" onSubmit={submit}>
      <h3>{t('edits.correct')}</h3>
      <p className="faint small">{t('edits.note')}</p>
      <TextField
        label={t('edits.new_value')}
        value={value}
        on_change={setValue}
        is_number
        is_mono
        suffix={versions.unit}
        length_max={32}
        fault={is_tried && !is_number_text(value) ? t('edits.value_fault') : undefined}
      />
      <TextField
        label={t('edits.reason')}
        value={reason}
        on_change={setReason}
        length_max={600}
        help={t('edits.reason_help')}
        fault={is_tried && !reason.trim() ? t('points.needed') : undefined}
      />
      {is_conflict && (
        <p className="field-note is-fault" role="alert">
          {t('edits.conflict')}{' '}
          <button type="button" className="button button-small" onClick={on_again}>
            {t('edits.reload')}
          </button>
        </p>
      )}
      {save.isError && !is_conflict && <ProblemView error={save.error} />}
      <div className="edit-actions">
        <button type="submit" className="button button-main" disabled={save.isPending}>
          {t('edits.save')}
        </button>
        {standing?.edit && (
          <button
            type="button"
            className="button"
            disabled={save.isPending}
            title={t('edits.withdraw_note')}
            onClick={() => send('withdrawal')}
          >
            {t('edits.withdraw')}
          </button>
        )}
      </div>
    </form>
  );
}

/** All that was ever said about one value, and a place to say more. */
export default function VersionDrawer({
  series,
  time,
  time_zone,
  on_close,
}: {
  series: number;
  time: string;
  time_zone: string;
  on_close: () => void;
}) {
  const { t } = useLanguage();
  const versions = useQuery(queries.versions(series, time));
  const again = () => void versions.refetch();
  return (
    <AntdScope>
      <Drawer
        open
        onClose={on_close}
        size="min(560px, 100vw)"
        rootClassName="version-drawer"
        title={<h2 className="drawer-title">{t('edits.title')}</h2>}
      >
        {versions.isPending && <Skeleton rows={6} height={24} />}
        {versions.isError && <ProblemView error={versions.error} on_retry={again} />}
        {versions.data && (
          <>
            <p className="version-place">
              <strong>{register_label(versions.data.register, t)}</strong>{' '}
              <span className="number">{date_time_text(Date.parse(versions.data.time), time_zone)}</span>
            </p>
            {versions.data.versions.length === 0 && <Empty title={t('edits.empty')} />}
            <ol className="versions" aria-label={t('edits.history')}>
              {versions.data.versions.map((version, place) => (
                <VersionCard
                  // biome-ignore lint/suspicious/noArrayIndexKey: versions are only ever added at the end
                  key={place}
                  version={version}
                  versions={versions.data}
                  time_zone={time_zone}
                />
              ))}
            </ol>
            {versions.data.editable && <EditForm versions={versions.data} on_again={again} />}
          </>
        )}
      </Drawer>
    </AntdScope>
  );
}
