import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { ApiError, api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { BuilderParameter, FrameBuilder, FrameBuilders } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { type Language, useLanguage } from '../../i18n/index.tsx';
import { ExplainedFrame } from './frame_detail.tsx';

type Values = Record<string, string>;
type Labelled = { label_zh: string; label_en: string };

const label_in = (language: Language, one: Labelled) => (language === 'en' ? one.label_en : one.label_zh);

/** Which parameter a refusal speaks of, and what it says: the platform writes "name: why". */
export function refused_parameter(error: unknown, parameters: readonly BuilderParameter[]): { name: string; why: string } | null {
  const message = error instanceof ApiError && error.problem?.code === 'invalid_argument' ? error.problem.message : '';
  const [name = '', ...rest] = message.split(': ');
  return parameters.some((one) => one.name === name) ? { name, why: rest.join(': ') } : null;
}

interface InputProps {
  parameter: BuilderParameter;
  value: string;
  fault: string | null;
  on_change: (value: string) => void;
}

function Input({ parameter, value, fault, on_change }: InputProps) {
  const { language } = useLanguage();
  const id = useId();
  const label = label_in(language, parameter);
  const help = language === 'en' ? parameter.help_en : parameter.help_zh;
  const note = fault ?? help;
  if (parameter.type === 'flag') {
    return (
      <label className="analyser-switch build-field">
        <input type="checkbox" checked={value === 'true'} onChange={({ target }) => on_change(String(target.checked))} />
        {label}
      </label>
    );
  }
  const common = {
    id,
    'aria-invalid': fault !== null,
    'aria-describedby': note ? `${id}-note` : undefined,
    required: parameter.is_required,
  };
  return (
    <div className="build-field">
      {parameter.type === 'choice' ? (
        <>
          <span aria-hidden="true">{label}</span>
          <Choice
            label={label}
            value={value}
            options={(parameter.choices ?? []).map((choice) => ({ value: choice.value, label: label_in(language, choice) }))}
            on_change={(next) => on_change(next ?? '')}
          />
        </>
      ) : (
        <>
          <label htmlFor={id}>
            {label}
            {parameter.unit && <span className="unit"> {parameter.unit}</span>}
          </label>
          <input
            {...common}
            className={parameter.type === 'hex' ? 'build-input mono' : 'build-input'}
            type={
              parameter.is_secret
                ? 'password'
                : parameter.type === 'integer'
                  ? 'number'
                  : parameter.type === 'date_time'
                    ? 'datetime-local'
                    : 'text'
            }
            {...(parameter.type === 'integer' ? { min: parameter.minimum, max: parameter.maximum } : {})}
            {...(parameter.type === 'date_time' ? { step: 1 } : {})}
            value={value}
            spellCheck={false}
            autoComplete={parameter.is_secret ? 'new-password' : 'off'}
            onChange={({ target }) => on_change(target.value)}
          />
        </>
      )}
      {note && (
        <p id={`${id}-note`} className={fault ? 'small is-fault' : 'faint small'}>
          {note}
        </p>
      )}
    </div>
  );
}

function defaults_of(builder: FrameBuilder): Values {
  return Object.fromEntries(builder.parameters.map((parameter) => [parameter.name, parameter.default]));
}

function BuildForm({ protocol, builder }: { protocol: string; builder: FrameBuilder }) {
  const { t } = useLanguage();
  const [values, setValues] = useState<Values>(() => defaults_of(builder));
  const built = useMutation({ mutationFn: (asked: Values) => api.build_frame(protocol, builder.kind, asked) });
  const refused = refused_parameter(built.error, builder.parameters);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    built.mutate(values);
  };
  return (
    <>
      <form className="build-form" noValidate onSubmit={submit}>
        {builder.parameters.map((parameter) => (
          <Input
            key={parameter.name}
            parameter={parameter}
            value={values[parameter.name] ?? ''}
            fault={refused?.name === parameter.name ? refused.why : null}
            on_change={(value) => setValues((before) => ({ ...before, [parameter.name]: value }))}
          />
        ))}
        <button type="submit" className="button button-main" disabled={built.isPending}>
          {t('analyser.build_frame')}
        </button>
        {refused && (
          <p className="is-fault" role="alert">
            {t('analyser.refused')}
          </p>
        )}
        {built.isError && !refused && <ProblemView error={built.error} />}
      </form>
      {built.data && (
        <section className="build-result" aria-label={t('analyser.built')}>
          <ExplainedFrame frame={built.data} is_apdu={builder.is_apdu} />
        </section>
      )}
    </>
  );
}

function BuildPanels({ protocols }: { protocols: FrameBuilders['protocols'] }) {
  const { t, language } = useLanguage();
  const able = protocols.filter(({ builders }) => builders.length > 0);
  const [name, setName] = useState(able[0]?.name);
  const [kind, setKind] = useState<string | undefined>(undefined);
  const protocol = able.find((one) => one.name === name) ?? able[0];
  const builder = protocol?.builders.find((one) => one.kind === kind) ?? protocol?.builders[0];
  if (!protocol || !builder) return <Empty title={t('analyser.no_builders')} />;
  const speaker = t(`analyser.by_${builder.speaker}`);
  return (
    <Panel title={t('analyser.build_title')} note={speaker} className="build">
      <div className="analyser-choices">
        <Choice
          label={t('analyser.protocol')}
          value={protocol.name}
          options={able.map((one) => ({ value: one.name, label: label_in(language, one) }))}
          on_change={(value) => {
            setName(value);
            setKind(undefined);
          }}
        />
        <Choice
          label={t('analyser.kind')}
          value={builder.kind}
          options={protocol.builders.map((one) => ({ value: one.kind, label: label_in(language, one) }))}
          on_change={setKind}
        />
      </div>
      <BuildForm key={`${protocol.name}/${builder.kind}`} protocol={protocol.name} builder={builder} />
    </Panel>
  );
}

/** Makes a frame from a form that the platform describes. */
export default function BuildPart() {
  const builders = useQuery(queries.frame_builders());
  if (builders.isPending) return <Skeleton rows={8} height={24} />;
  if (builders.isError) return <ProblemView error={builders.error} on_retry={() => void builders.refetch()} />;
  return <BuildPanels protocols={builders.data.protocols} />;
}
