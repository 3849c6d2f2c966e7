import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { queries } from '../../api/queries.ts';
import type { BackupOverview } from '../../api/types.ts';
import { TextField } from '../../components/field.tsx';
import { Panel } from '../../components/layout.tsx';
import { ProblemView } from '../../components/problem_view.tsx';
import { useLanguage } from '../../i18n/index.tsx';

const characters_min = 16;

/** Without a passphrase a backup is of no use on another machine. */
export function RecoveryKeyPanel({ state }: { state: BackupOverview['recovery_key'] }) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [passphrase, set_passphrase] = useState('');
  const [again, set_again] = useState('');
  const [was_sent, set_sent] = useState(false);
  const save = useMutation({
    mutationFn: () => api.set_recovery_passphrase(passphrase),
    onSuccess: () => {
      set_passphrase('');
      set_again('');
      set_sent(false);
      return client.invalidateQueries({ queryKey: queries.backups().queryKey });
    },
  });
  const is_short = passphrase.length < characters_min;
  const differs = passphrase !== again;
  return (
    <Panel
      title={t('backups.key')}
      note={<span className={state === 'current' ? '' : 'is-fault'}>{t(`backups.key_${state}`)}</span>}
    >
      <form
        className="backup-form"
        onSubmit={(event) => {
          event.preventDefault();
          set_sent(true);
          if (!is_short && !differs) save.mutate();
        }}
      >
        <p className="is-whole-row faint">{t('backups.key_note')}</p>
        <TextField
          is_secret
          label={t('backups.passphrase')}
          value={passphrase}
          on_change={set_passphrase}
          fault={was_sent && is_short ? t('backups.passphrase_short') : undefined}
        />
        <TextField
          is_secret
          label={t('backups.passphrase_again')}
          value={again}
          on_change={set_again}
          fault={was_sent && !is_short && differs ? t('backups.passphrases_differ') : undefined}
        />
        <div className="form-actions">
          <button type="submit" className="button" disabled={save.isPending}>
            {t('backups.set_passphrase')}
          </button>
          <span aria-live="polite">{save.isSuccess ? t('backups.saved') : ''}</span>
        </div>
        {save.isError && (
          <div className="is-whole-row">
            <ProblemView error={save.error} />
          </div>
        )}
      </form>
    </Panel>
  );
}
