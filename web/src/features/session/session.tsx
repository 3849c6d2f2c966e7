import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useRef } from 'react';
import { Navigate, useLocation } from 'react-router';
import { ApiError, api } from '../../api/client.ts';
import { session_key, should_retry } from '../../api/queries.ts';
import type { Session } from '../../api/types.ts';
import { ProblemView } from '../../components/problem_view.tsx';
import { Splash } from '../../components/splash.tsx';

/**
 * The cookie cannot be seen from here; this mark tells whether it is worth asking for the session at all. Without it the login
 * page comes up at once, and the first visit leaves no failed request behind.
 */
const hint_key = 'duheng.session';

export function may_be_logged_in(): boolean {
  return localStorage.getItem(hint_key) !== null;
}

/** The session, or null when nobody is logged in. */
const session_query = queryOptions<Session | null>({
  queryKey: session_key,
  queryFn: async ({ signal }) => {
    if (!may_be_logged_in()) return null;
    try {
      return await api.session(signal);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        localStorage.removeItem(hint_key);
        return null;
      }
      throw error;
    }
  },
  staleTime: 60_000,
  retry: should_retry,
});

export function useSession() {
  return useQuery(session_query);
}

// Few need it, and only once.
const PasswordDuePage = lazy(() => import('./password_due_page.tsx'));

/** Set while the last session was ended by its own user, so that the login page does not speak of an expiry. */
const logged_out_key = ['logged out'] as const;

/** Called when the platform no longer knows the session: the pages give way to the login. */
export function session_lost(client: QueryClient): void {
  localStorage.removeItem(hint_key);
  client.setQueryData<Session | null>(session_key, null);
}

/** Where to go after the login: only a place within this app. */
export function safe_next(next: string | null): string {
  return next?.startsWith('/') && !next.startsWith('//') && !next.startsWith('/\\') && !next.startsWith('/login') ? next : '/';
}

export function login_path(next: string): string {
  return next === '/' ? '/login' : `/login?next=${encodeURIComponent(next)}`;
}

/** Shows its children to a logged-in user, once the password is their own; the login page to anyone else. */
export function RequireSession({ children }: { children: ReactNode }) {
  const session = useSession();
  const client = useQueryClient();
  const { pathname, search } = useLocation();
  const was_logged_in = useRef(false);
  if (session.data) {
    was_logged_in.current = true;
    if (!session.data.must_change_password) return children;
    return (
      <Suspense fallback={<Splash />}>
        <PasswordDuePage session={session.data} />
      </Suspense>
    );
  }
  if (session.data === null) {
    if (client.getQueryData(logged_out_key)) return <Navigate to="/login" replace />;
    return <Navigate to={login_path(pathname + search)} replace state={{ expired: was_logged_in.current }} />;
  }
  if (session.isError) {
    return (
      <main className="splash">
        <ProblemView error={session.error} on_retry={() => void session.refetch()} />
      </main>
    );
  }
  return <Splash />;
}

/**
 * Drops all that the platform told the former user. The session itself stays, as whoever watches it must hear of its change.
 * To be called when no page is shown that would ask at once again.
 */
export function forget_answers(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== session_key[0] });
}

/** Ends the session here and on the platform. */
export function useLogOut(): () => Promise<void> {
  const client = useQueryClient();
  return async () => {
    try {
      await api.log_out();
    } catch (error) {
      // A session the platform has already forgotten is ended as well.
      if (!(error instanceof ApiError && error.status === 401)) throw error;
    }
    localStorage.removeItem(hint_key);
    client.setQueryData(logged_out_key, true);
    client.setQueryData<Session | null>(session_key, null);
  };
}

/** Takes over a new session; nothing that the former user saw is kept. */
export function session_begun(client: QueryClient, session: Session): void {
  localStorage.setItem(hint_key, '1');
  forget_answers(client);
  client.setQueryData<Session | null>(session_key, session);
}
