import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import type { PointDetail, PointExchange } from '../../api/types.ts';
import { Dialog } from '../../components/dialog.tsx';
import { TextField } from '../../components/field.tsx';
import { Fact } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { register_label } from '../devices/registers.ts';
import { is_number_text } from '../edits/edit_tools.ts';
import { faults_of, installation_of, local_time, no_installation } from './installation.ts';
import { InstallationFields, TimeField } from './installation_fields.tsx';

type Step = 'old' | 'new' | 'confirm';

/** Old meter, new meter, confirmation: written in one act at the end. */
export function ExchangeDialog({
  point,
  is_removal,
  on_close,
}: {
  point: PointDetail;
  is_removal: boolean;
  on_close: () => void;
}) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const present = point.chain.find(({ to }) => to === null);
  const steps: Step[] = [...(present ? ['old' as const] : []), ...(is_removal ? [] : ['new' as const]), 'confirm'];
  const [place, setPlace] = useState(0);
  const [is_tried, setIsTried] = useState(false);
  const [at, setAt] = useState('');
  const [reason, setReason] = useState('');
  const [ends, setEnds] = useState<Record<string, string>>({});
  const [input, setInput] = useState(no_installation);
  const time = local_time(at, point.time_zone);
  const send = useMutation({
    mutationFn: (body: PointExchange) => api.exchange_at_point(point.id, body),
    onSuccess: async () => {
      await Promise.all(['point', 'points', 'consumption'].map((name) => client.invalidateQueries({ queryKey: [name] })));
      on_close();
    },
  });
  const step = steps[place] ?? 'confirm';
  const registers = present?.registers ?? [];
  const is_whole: Record<Step, boolean> = {
    old: registers.every(({ name }) => is_number_text(ends[name] ?? '')),
    new: faults_of(input).length === 0,
    confirm: time !== null && reason.trim() !== '',
  };
  const go_on = () => {
    setIsTried(true);
    if (!is_whole[step]) return;
    setIsTried(false);
    if (step !== 'confirm') {
      setPlace(place + 1);
      return;
    }
    send.mutate({
      at: time ?? '',
      reason: reason.trim(),
      ends: registers.map(({ name }) => ({ name, value: (ends[name] ?? '').trim() })),
      ...(is_removal ? {} : { installation: installation_of(input) }),
    });
  };
  const title = is_removal ? t('points.remove') : present ? t('points.exchange') : t('points.install');
  return (
    <Dialog title={title} on_close={on_close}>
      <ol className="wizard-steps">
        {steps.map((one, number) => (
          <li key={one} aria-current={number === place ? 'step' : undefined}>
            {number + 1} {t(`points.step_${one}`)}
          </li>
        ))}
      </ol>
      <form
        className="edit-form"
        onSubmit={(event) => {
          event.preventDefault();
          go_on();
        }}
      >
        {step === 'old' && (
          <div className="point-fields">
            {registers.map(({ name }) => (
              <TextField
                key={name}
                label={`${t('points.end')} · ${register_label(name, t)}`}
                value={ends[name] ?? ''}
                on_change={(value) => setEnds({ ...ends, [name]: value })}
                is_number
                is_mono
                help={present?.device.name}
                fault={is_tried && !is_number_text(ends[name] ?? '') ? t('points.number_fault') : undefined}
              />
            ))}
          </div>
        )}
        {step === 'new' && <InstallationFields input={input} is_tried={is_tried} on_change={setInput} />}
        {step === 'confirm' && (
          <>
            <dl className="facts">
              {registers.map(({ name }) => (
                <Fact key={name} label={`${t('points.end')} · ${present?.device.name}`}>
                  <span className="number">{ends[name]}</span>
                </Fact>
              ))}
              {!is_removal && (
                <Fact label={`${t('points.start')} · ${input.device}`}>
                  <span className="number">{input.start}</span>
                </Fact>
              )}
            </dl>
            <TimeField
              label={t('points.at')}
              value={at}
              on_change={setAt}
              fault={is_tried && time === null ? t('points.needed') : undefined}
            />
            <TextField
              label={t('points.reason')}
              value={reason}
              on_change={setReason}
              length_max={300}
              fault={is_tried && !reason.trim() ? t('points.needed') : undefined}
            />
            <p className="faint small">{t('points.confirm_note')}</p>
          </>
        )}
        {send.isError && <ProblemView error={send.error} />}
        <div className="edit-actions">
          {place > 0 && (
            <button type="button" className="button" onClick={() => setPlace(place - 1)}>
              {t('points.previous')}
            </button>
          )}
          <button type="submit" className="button button-main" disabled={send.isPending}>
            {step === 'confirm' ? t('points.confirm') : t('points.next')}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
