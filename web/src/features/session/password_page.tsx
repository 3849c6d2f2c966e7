import { useState } from 'react';
import { PageHeader, Panel } from '../../components/layout.tsx';
import { useLanguage } from '../../i18n/index.tsx';
import { PasswordForm } from './password_form.tsx';
import { useSession } from './session.tsx';

/** One's own password, changed of one's own will. */
export default function PasswordPage() {
  const { t } = useLanguage();
  const session = useSession();
  const [is_done, setDone] = useState(false);
  return (
    <>
      <PageHeader title={t('password.title')} />
      <Panel title={session.data?.user ?? ''} note={t('password.note')}>
        <div className="password-place">
          <output className="password-done">{is_done && t('password.done')}</output>
          {session.data && <PasswordForm user={session.data.user} on_done={() => setDone(true)} />}
        </div>
      </Panel>
    </>
  );
}
