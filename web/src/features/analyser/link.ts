/** What a link to the analyser carries. */
export interface LinkedFrame {
  hex: string;
  protocol: string;
  is_apdu: boolean;
}

/** An address of the analyser that carries octets in its fragment: browsers keep that part to themselves. */
export function analyser_path({ hex, protocol, is_apdu }: LinkedFrame): string {
  const parameters = new URLSearchParams({ hex, protocol });
  if (is_apdu) parameters.set('apdu', '1');
  return `/analyser#${parameters}`;
}

/** The frame in a fragment; null when it carries none. */
export function linked_frame(fragment: string): LinkedFrame | null {
  const parameters = new URLSearchParams(fragment.replace(/^#/, ''));
  const hex = parameters.get('hex') ?? '';
  if (!/^(?:[0-9A-Fa-f]{2}){1,65536}$/.test(hex)) return null;
  return { hex: hex.toUpperCase(), protocol: parameters.get('protocol') ?? 'auto', is_apdu: parameters.get('apdu') === '1' };
}
