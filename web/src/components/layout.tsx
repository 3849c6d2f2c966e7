import { type ReactNode, useEffect, useId } from 'react';
import { useLanguage } from '../i18n/index.tsx';

/** A page's head line; also names the browser's tab. */
export function PageHeader({ title, note, children }: { title: string; note?: ReactNode; children?: ReactNode }) {
  const { t } = useLanguage();
  const app = t('app.name');
  useEffect(() => {
    document.title = `${title} · ${app}`;
  }, [title, app]);
  return (
    <header className="page-header">
      <h1>{title}</h1>
      {note !== undefined && <div className="page-note">{note}</div>}
      {children && <div className="page-actions">{children}</div>}
    </header>
  );
}

/** A titled part of a page. */
export function Panel({
  title,
  note,
  actions,
  className = '',
  children,
}: {
  title: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-header">
        <h2 id={id}>{title}</h2>
        {note && <div className="panel-note">{note}</div>}
        {actions && <div className="panel-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

export function Empty({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <svg width="72" height="40" viewBox="0 0 72 40" aria-hidden="true" focusable="false">
        <path d="M6 34V24M16 34v-5M26 34v-5M36 34V16M46 34v-5M56 34v-5M66 34V24M4 34h64" />
        <path className="empty-needle" d="M36 4v12" />
      </svg>
      <p className="empty-title">{title}</p>
      {hint && <p className="empty-hint">{hint}</p>}
      {children}
    </div>
  );
}

/** Grey bars in the place of what is still loading. */
export function Skeleton({ rows = 3, height = 16 }: { rows?: number; height?: number }) {
  const { t } = useLanguage();
  return (
    <div className="skeleton" aria-busy="true">
      <span className="visually-hidden">{t('common.loading')}</span>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the bars are all alike and never move
        <span key={row} className="skeleton-bar" style={{ height, width: `${100 - ((row * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

/** One label with its value, for lists of facts. */
export function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
