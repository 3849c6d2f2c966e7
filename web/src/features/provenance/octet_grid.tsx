import { type CSSProperties, type KeyboardEvent, type ReactNode, useId, useMemo, useRef, useState } from 'react';
import type { ExplainedOctets, FrameField } from '../../api/types.ts';
import { CopyButton } from '../../components/copy_button.tsx';
import { type Language, useLanguage } from '../../i18n/index.tsx';
import { field_tints } from '../../theme/theme.ts';
import { cut_octets, field_octets, holds, moved, type Octet, octets_of, spaced_hex } from './octets.ts';

const tint_count = field_tints.light.length;
const columns_max = 16;

function tint(field: number): CSSProperties {
  if (field < 0) return {};
  const index = field % tint_count;
  return { '--field-ground': `var(--tint-${index})`, '--field-edge': `var(--tint-edge-${index})` } as CSSProperties;
}

function label_of(field: FrameField | undefined, language: Language): string {
  return field ? (language === 'en' ? field.label_en : field.label_zh) : '–';
}

/** How many octets stand in one line now, as the style sheet gives fewer on a phone. */
function columns_now(grid: HTMLElement): number {
  const first = grid.querySelector<HTMLElement>('.octet');
  if (!first) return columns_max;
  const cells = [...grid.querySelectorAll<HTMLElement>('.octet')];
  const next_line = cells.findIndex((cell) => cell.offsetTop > first.offsetTop);
  return next_line < 0 ? cells.length : next_line;
}

interface GridProps {
  octets: Octet[];
  fields: FrameField[];
  active: number | null;
  on_active: (field: number | null) => void;
  on_pin: (field: number) => void;
}

function Grid({ octets, fields, active, on_active, on_pin }: GridProps) {
  const { t, language } = useLanguage();
  const [current, setCurrent] = useState(0);
  const grid = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    if (!grid.current) return;
    const next = moved(current, event.key, octets.length, columns_now(grid.current));
    if (next === current) return;
    event.preventDefault();
    setCurrent(next);
    grid.current.querySelector<HTMLElement>(`[data-offset="${next}"]`)?.focus();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would claim that the octets are a form
    <div className="octet-grid" role="group" aria-label={t('provenance.grid_label')} ref={grid} onKeyDown={move}>
      {octets.map((octet) => (
        <button
          key={octet.offset}
          type="button"
          data-offset={octet.offset}
          data-field={octet.field}
          tabIndex={octet.offset === current ? 0 : -1}
          style={tint(octet.field)}
          className={[
            'octet',
            octet.is_field_start ? 'octet-start' : '',
            octet.is_field_end ? 'octet-end' : '',
            active !== null && holds(fields[active], octet.offset) ? 'is-active' : '',
            fields[octet.field]?.is_fault ? 'is-fault' : '',
          ]
            .join(' ')
            .trim()}
          aria-label={t('provenance.octet_label', {
            offset: String(octet.offset),
            hex: octet.hex,
            field: label_of(fields[octet.field], language),
          })}
          onPointerEnter={({ pointerType }) => pointerType === 'mouse' && on_active(octet.field)}
          onPointerLeave={({ pointerType }) => pointerType === 'mouse' && on_active(null)}
          onFocus={() => {
            setCurrent(octet.offset);
            on_active(octet.field);
          }}
          onBlur={() => on_active(null)}
          onClick={() => on_pin(octet.field)}
        >
          {octet.hex}
        </button>
      ))}
    </div>
  );
}

interface FieldTableProps {
  hex: string;
  fields: FrameField[];
  active: number | null;
  pinned: number | null;
  on_active: (field: number | null) => void;
  on_pin: (field: number) => void;
}

/** What a field's content is, where its meaning does not say it already. */
function value_of(field: FrameField, meaning: string): string {
  const amount = field.unit ? `${field.value ?? ''} ${field.unit}` : (field.value ?? '');
  return meaning.includes(amount) ? '' : amount;
}

function FieldTable({ hex, fields, active, pinned, on_active, on_pin }: FieldTableProps) {
  const { t, language } = useLanguage();
  return (
    <table className="field-table">
      <thead>
        <tr>
          <th scope="col" className="cell-end">
            {t('provenance.column_offset')}
          </th>
          <th scope="col">{t('provenance.column_field')}</th>
          <th scope="col">{t('provenance.column_octets')}</th>
          <th scope="col">{t('provenance.column_meaning')}</th>
          <th scope="col">{t('provenance.column_clause')}</th>
        </tr>
      </thead>
      <tbody>
        {fields.map((field, index) => (
          <tr
            // biome-ignore lint/suspicious/noArrayIndexKey: a frame's fields never move
            key={index}
            data-field={index}
            style={tint(index)}
            className={`${index === active ? 'is-active' : ''} ${field.is_fault ? 'is-fault' : ''}`.trim()}
            onPointerEnter={({ pointerType }) => pointerType === 'mouse' && on_active(index)}
            onPointerLeave={({ pointerType }) => pointerType === 'mouse' && on_active(null)}
          >
            <td className="cell-end number faint field-offset">{field.offset}</td>
            <td className="field-name" style={{ '--depth': field.depth } as CSSProperties}>
              <button
                type="button"
                className="field-button"
                aria-pressed={index === pinned}
                onFocus={() => on_active(index)}
                onBlur={() => on_active(null)}
                onClick={() => on_pin(index)}
              >
                <span className="field-swatch" aria-hidden="true" />
                {label_of(field, language)}
              </button>
            </td>
            <td className="mono field-octets">
              {field_octets(hex, field)}
              {field.plain && (
                <span className="field-plain faint small">{t('provenance.plain', { octets: cut_octets(field.plain) })}</span>
              )}
            </td>
            <td className="field-meaning">
              {field.is_fault && <span aria-hidden="true">▲ </span>}
              <span className="field-value number">
                {value_of(field, language === 'en' ? field.meaning_en : field.meaning_zh)}
              </span>{' '}
              {language === 'en' ? field.meaning_en : field.meaning_zh}
            </td>
            <td className="field-clause faint small">{field.clause ?? ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface OctetGridProps {
  title: string;
  octets: ExplainedOctets;
  /** What else can be done with these octets; stands beside the title. */
  children?: ReactNode;
}

/** A frame's octets and what each field of them means; pointing at one shows the other. A press keeps a field marked. */
export function OctetGrid({ title, octets: explained, children }: OctetGridProps) {
  const { t } = useLanguage();
  const id = useId();
  const [hovered, setHovered] = useState<number | null>(null);
  const [pinned, setPinned] = useState<number | null>(null);
  const octets = useMemo(() => octets_of(explained), [explained]);
  const active = hovered ?? pinned;
  const pin = (field: number) => setPinned(field === pinned ? null : field);
  return (
    <section className="octets" aria-labelledby={id}>
      <header className="octets-header">
        <h3 id={id}>{title}</h3>
        <span className="faint small">{t('provenance.octets', { count: octets.length })}</span>
        <div className="octets-actions">
          {children}
          <CopyButton label={t('provenance.copy_hex')} text={() => spaced_hex(explained.hex)} />
        </div>
      </header>
      {explained.error && (
        <p className="octets-error" role="note">
          <span aria-hidden="true">▲</span> {t('provenance.broken', { error: explained.error })}
        </p>
      )}
      <Grid octets={octets} fields={explained.fields} active={active} on_active={setHovered} on_pin={pin} />
      <FieldTable
        hex={explained.hex}
        fields={explained.fields}
        active={active}
        pinned={pinned}
        on_active={setHovered}
        on_pin={pin}
      />
    </section>
  );
}
