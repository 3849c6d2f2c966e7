import { useEffect, useState } from 'react';
import { useLanguage } from '../i18n/index.tsx';
import { Icon } from './icons.tsx';

/** Copies a text and says so for a moment. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const { t } = useLanguage();
  const [was_copied, setCopied] = useState(false);
  useEffect(() => {
    if (!was_copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [was_copied]);
  return (
    <button
      type="button"
      className="button button-small"
      onClick={() => void navigator.clipboard.writeText(text()).then(() => setCopied(true))}
    >
      <Icon name={was_copied ? 'check' : 'copy'} size={15} />
      <span aria-live="polite">{was_copied ? t('common.copied') : label}</span>
    </button>
  );
}
