import { useQuery } from '@tanstack/react-query';
import { queries } from '../../api/queries.ts';
import type { EditRecord } from '../../api/types.ts';
import { CopyButton } from '../../components/copy_button.tsx';
import { Fact, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { TimeText } from '../../components/time_text.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';

function EditFacts({ edit }: { edit: EditRecord['edits'][number] }) {
  const { t } = useLanguage();
  const nothing = t('edits.nothing');
  return (
    <section className="edit-record">
      <h3>
        {t(`edits.kind_${edit.kind}`)}: {register_label(edit.register, t)}
      </h3>
      <p className="number">
        {t('edits.old_to_new', { old: edit.old_value ?? nothing, value: edit.new_value ?? nothing })}{' '}
        <span className="unit">{edit.unit}</span>
      </p>
      <dl className="facts">
        <Fact label={t('provenance.device')}>
          <span className="mono">{edit.device_uid}</span>
        </Fact>
        <Fact label={t('edits.value_time')}>
          <TimeText time={edit.time} time_zone={undefined} />
        </Fact>
        <Fact label={t('edits.by')}>{edit.author}</Fact>
        <Fact label={t('edits.when')}>
          <TimeText time={edit.made} time_zone={undefined} />
        </Fact>
        <Fact label={t('edits.reason')}>{edit.reason}</Fact>
        {edit.method && <Fact label={t('edits.method')}>{edit.method}</Fact>}
      </dl>
    </section>
  );
}

/** A reference that leads to no frame but to a record of edits: who changed what, when, why, from what to what. */
export function EditRecordView({ frame }: { frame: string }) {
  const { t } = useLanguage();
  const record = useQuery(queries.edit_record(frame));
  if (record.isPending) return <Skeleton rows={6} height={22} />;
  if (record.isError)
    return <ProblemView error={record.error} on_retry={() => void record.refetch()} text={t('provenance.not_found')} />;
  const { edits, proof, verified } = record.data;
  return (
    <article className="frame-view">
      <div className="frame-head">
        <p>{t('edits.record_note')}</p>
        <CopyButton label={t('provenance.copy_json')} text={() => JSON.stringify(record.data, null, 2)} />
      </div>
      {edits.map((edit) => (
        <EditFacts key={`${edit.device_uid} ${edit.register} ${edit.time}`} edit={edit} />
      ))}
      <section>
        <h3>{t('provenance.evidence')}</h3>
        <dl className="facts evidence">
          <Fact label={t('provenance.journal_record')}>
            <span className="number">{proof.record}</span>
          </Fact>
          <Fact label={t('edits.record_verified')}>{verified ? t('edits.record_holds') : t('edits.record_broken')}</Fact>
          <div className="fact fact-wide">
            <dt>SHA-256</dt>
            <dd className="mono hash">{proof.hash}</dd>
          </div>
        </dl>
      </section>
    </article>
  );
}
