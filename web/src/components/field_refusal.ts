import { ApiError } from '../api/client.ts';

export interface Refusal {
  /** The part of the request that is wrong; '' when the refusal names none. */
  field: string;
  message: string;
}

/** What a refused form is to say beside its inputs; nothing when the failure is none of the form's. */
export function refusal_of(error: unknown): Refusal | undefined {
  if (!(error instanceof ApiError) || !error.problem) return undefined;
  if (![400, 404, 409].includes(error.status)) return undefined;
  const { message, field } = error.problem;
  if (field) return { field, message };
  // Older routes write "name: why".
  const [, name, why] = /^([a-z_]+): (.+)$/s.exec(message) ?? [];
  return name && why ? { field: name, message: why } : { field: '', message };
}
