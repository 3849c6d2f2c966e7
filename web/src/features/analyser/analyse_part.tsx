import { useMutation, useQuery } from '@tanstack/react-query';
import { type DragEvent, type FormEvent, useCallback, useEffect, useId, useRef, useState } from 'react';
import { useLocation } from 'react-router';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { Analysis } from '../../api/types.ts';
import { Choice } from '../../components/choice.tsx';
import { Icon } from '../../components/icons.tsx';
import { Empty, Panel, Skeleton } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { AnalysisView } from './analysis_view.tsx';
import { type LinkedFrame, linked_frame } from './link.ts';
import { file_octets, file_text, text_bytes } from './pasted_text.ts';

const usual_bytes_max = 1 << 20;
const automatic = 'auto';

interface Asked {
  text: string;
  protocol: string;
  is_apdu: boolean;
}
interface Answered extends Asked {
  analysis: Analysis;
}

/** One analysis at a time: a new one, or leaving the page, ends the one before. */
function useAnalysis() {
  const under_way = useRef<AbortController | null>(null);
  useEffect(() => () => under_way.current?.abort(), []);
  return useMutation<Answered, unknown, Asked>({
    mutationFn: async (asked) => {
      under_way.current?.abort();
      const controller = new AbortController();
      under_way.current = controller;
      return { ...asked, analysis: await api.analyse(asked.text, asked.protocol, asked.is_apdu, controller.signal) };
    },
  });
}

function grouped(linked: LinkedFrame): string {
  return linked.hex.replace(/..(?=.)/g, '$& ');
}

/** A place for text, and what came out of it. */
export default function AnalysePart() {
  const { t, language } = useLanguage();
  const { hash } = useLocation();
  const id = useId();
  const builders = useQuery(queries.frame_builders());
  const analysis = useAnalysis();
  const [text, setText] = useState('');
  const [protocol, setProtocol] = useState(automatic);
  const [is_apdu, setApdu] = useState(false);
  const [is_over, setOver] = useState(false);
  const [file_fault, setFileFault] = useState<'too_large' | 'unreadable' | null>(null);
  const file_input = useRef<HTMLInputElement>(null);

  const bytes_max = builders.data?.text_bytes_max ?? usual_bytes_max;
  const protocols = builders.data?.protocols ?? [];
  const chosen = protocols.find(({ name }) => name === protocol);
  // With one protocol that knows bare APDUs there is nothing to choose.
  const can_be_apdu = protocol === automatic ? protocols.some(({ has_apdu }) => has_apdu) : (chosen?.has_apdu ?? false);
  const is_too_large = file_fault === 'too_large' || text.length > bytes_max || text_bytes(text) > bytes_max;

  const fault = is_too_large
    ? t('analyser.too_large', { mebibytes: bytes_max / 2 ** 20 })
    : file_fault && t('analyser.unreadable');

  const { mutate } = analysis;
  const ask = useCallback(
    (asked: Asked) => {
      setText(asked.text);
      setProtocol(asked.protocol);
      setApdu(asked.is_apdu);
      setFileFault(null);
      mutate(asked);
    },
    [mutate],
  );

  // A link with a frame is analysed as it is opened.
  useEffect(() => {
    const linked = linked_frame(hash);
    if (linked) ask({ text: grouped(linked), protocol: linked.protocol, is_apdu: linked.is_apdu });
  }, [hash, ask]);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== '' && !is_too_large) ask({ text, protocol, is_apdu: is_apdu && can_be_apdu });
  };
  const take_file = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > bytes_max) {
      setFileFault('too_large');
      return;
    }
    let read: string;
    try {
      read = file_text(await file_octets(file));
    } catch {
      setFileFault('unreadable');
      return;
    }
    setFileFault(null);
    setText(read);
    if (text_bytes(read) <= bytes_max) ask({ text: read, protocol, is_apdu: is_apdu && can_be_apdu });
  };
  const drop = (event: DragEvent) => {
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    void take_file(file);
  };
  const take_example = (name: string | undefined) => {
    const example = protocols.find((one) => `${one.name}` === name || `${one.name}/apdu` === name);
    if (!example) return;
    const wants_apdu = name !== example.name;
    ask({
      text: wants_apdu ? example.apdu_example : example.example,
      protocol: wants_apdu ? example.name : automatic,
      is_apdu: wants_apdu,
    });
  };
  const label_of = (one: { label_zh: string; label_en: string }) => (language === 'en' ? one.label_en : one.label_zh);
  const examples = protocols.flatMap((one) => [
    { value: one.name, label: label_of(one) },
    ...(one.has_apdu ? [{ value: `${one.name}/apdu`, label: t('analyser.example_apdu', { protocol: label_of(one) }) }] : []),
  ]);

  return (
    <div className="analyser">
      <Panel title={t('analyser.text')} className="analyser-input">
        <form onSubmit={submit}>
          <label className="visually-hidden" htmlFor={id}>
            {t('analyser.text_label')}
          </label>
          <textarea
            id={id}
            className={is_over ? 'analyser-text mono is-over' : 'analyser-text mono'}
            value={text}
            placeholder={t('analyser.placeholder')}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            aria-invalid={is_too_large}
            aria-describedby={`${id}-note`}
            onChange={({ target }) => {
              setText(target.value);
              setFileFault(null);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
            }}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(true);
            }}
            onDragLeave={() => setOver(false)}
            onDrop={drop}
          />
          <p id={`${id}-note`} className={fault ? 'analyser-note is-fault' : 'analyser-note faint small'} role="status">
            {fault ?? t('analyser.text_hint')}
          </p>
          <div className="analyser-choices">
            <Choice
              label={t('analyser.protocol')}
              value={protocol}
              options={[
                { value: automatic, label: t('analyser.automatic') },
                ...protocols.map((one) => ({ value: one.name, label: label_of(one) })),
              ]}
              on_change={(value) => setProtocol(value ?? automatic)}
            />
            <Choice
              label={t('analyser.examples')}
              value={undefined}
              none={t('analyser.examples')}
              options={examples}
              on_change={take_example}
            />
            <button type="button" className="button" onClick={() => file_input.current?.click()}>
              <Icon name="open" size={15} />
              {t('analyser.open_file')}
            </button>
            <input
              ref={file_input}
              type="file"
              hidden
              aria-label={t('analyser.open_file')}
              onChange={({ target }) => {
                void take_file(target.files?.[0]);
                target.value = '';
              }}
            />
            {can_be_apdu && (
              <label className="analyser-switch">
                <input type="checkbox" checked={is_apdu} onChange={({ target }) => setApdu(target.checked)} />
                {t('analyser.apdu')}
              </label>
            )}
          </div>
          <div className="analyser-actions">
            <button type="submit" className="button button-main" disabled={text.trim() === '' || is_too_large}>
              {t('analyser.analyse')}
            </button>
            <button
              type="button"
              className="button button-quiet"
              disabled={text === '' && !analysis.data}
              onClick={() => {
                setText('');
                setFileFault(null);
                analysis.reset();
              }}
            >
              {t('analyser.clear')}
            </button>
          </div>
          {builders.isError && <ProblemView error={builders.error} on_retry={() => void builders.refetch()} />}
        </form>
      </Panel>
      <div className="analyser-result">
        {analysis.isPending ? (
          <Skeleton rows={8} height={24} />
        ) : analysis.isError ? (
          <ProblemView error={analysis.error} on_retry={() => analysis.variables && mutate(analysis.variables)} />
        ) : analysis.data ? (
          <AnalysisView key={analysis.submittedAt} analysis={analysis.data.analysis} is_apdu={analysis.data.is_apdu} />
        ) : (
          <Empty title={t('analyser.empty')} hint={t('analyser.empty_hint')} />
        )}
      </div>
    </div>
  );
}
