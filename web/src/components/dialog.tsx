import { type ReactNode, useEffect, useId, useRef } from 'react';
import { useLanguage } from '../i18n/index.tsx';
import { Icon } from './icons.tsx';

interface DialogProps {
  title: string;
  on_close: () => void;
  children: ReactNode;
}

/** The browser's own modal dialog: it keeps the keyboard inside and closes on Escape. Shown for as long as it is rendered. */
export function Dialog({ title, on_close, children }: DialogProps) {
  const { t } = useLanguage();
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    if (dialog && !dialog.open) dialog.showModal?.();
    return () => dialog?.close?.();
  }, []);
  return (
    <dialog
      ref={element}
      className="dialog"
      aria-labelledby={id}
      // Where a browser has no modal dialogs it is still shown.
      open={typeof HTMLDialogElement !== 'undefined' && 'showModal' in HTMLDialogElement.prototype ? undefined : true}
      onCancel={(event) => {
        event.preventDefault();
        on_close();
      }}
    >
      <header className="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="button button-quiet button-icon" aria-label={t('common.close')} onClick={on_close}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}
