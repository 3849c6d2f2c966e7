import { useSearchParams } from 'react-router';

/** Page and filters of a list, kept in the address. */
export function useListState() {
  const [parameters, setParameters] = useSearchParams();
  const change = (name: string, value: string) =>
    setParameters(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete('page');
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  return {
    page: Math.max(1, Number(parameters.get('page')) || 1),
    of: (name: string) => parameters.get(name) ?? '',
    change,
  };
}
