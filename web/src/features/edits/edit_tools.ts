import { useQueryClient } from '@tanstack/react-query';

/** Plain notation, as meters write it. */
export function is_number_text(text: string): boolean {
  return /^-?\d{1,15}(\.\d{1,9})?$/.test(text.trim());
}

/** What is shown everywhere has to be asked for again once somebody has said something about values. */
export function useEditsMade() {
  const client = useQueryClient();
  return () =>
    Promise.all(
      ['versions', 'readings', 'curve', 'consumption', 'completeness', 'device'].map((name) =>
        client.invalidateQueries({ queryKey: [name] }),
      ),
    );
}
