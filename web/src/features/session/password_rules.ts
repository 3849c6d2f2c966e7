/** As the platform asks for; it has the last word. */
export const password_characters_min = 12;

export interface PasswordDraft {
  user: string;
  old_password: string;
  new_password: string;
  repeated: string;
}
export type PasswordFault = 'old_missing' | 'too_short' | 'same' | 'holds_name' | 'differs';
type DraftField = 'old_password' | 'new_password' | 'repeated';

/** The first thing to mend, and in which field; null when the platform may be asked. */
export function password_fault(draft: PasswordDraft): { field: DraftField; fault: PasswordFault } | null {
  const { user, old_password, new_password, repeated } = draft;
  if (old_password === '') return { field: 'old_password', fault: 'old_missing' };
  if ([...new_password].length < password_characters_min) return { field: 'new_password', fault: 'too_short' };
  if (new_password === old_password) return { field: 'new_password', fault: 'same' };
  if (new_password.toLowerCase().includes(user.toLowerCase())) return { field: 'new_password', fault: 'holds_name' };
  if (new_password !== repeated) return { field: 'repeated', fault: 'differs' };
  return null;
}
