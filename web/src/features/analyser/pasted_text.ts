/** How large a text is as the platform counts: octets of UTF-8. */
export function text_bytes(text: string): number {
  // Most texts need no encoder to be known as small enough or too large.
  return new TextEncoder().encode(text).length;
}

function as_hex(octets: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < octets.length; at += 32) {
    const line = Array.from(octets.subarray(at, at + 32), (octet) => octet.toString(16).padStart(2, '0').toUpperCase());
    lines.push(line.join(' '));
  }
  return lines.join('\n');
}

export function file_octets(file: Blob): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(new Uint8Array(reader.result as ArrayBuffer));
    reader.onerror = () => reject(reader.error ?? new Error('the file cannot be read'));
    reader.readAsArrayBuffer(file);
  });
}

/**
 * A dropped file as text: UTF-8, else GB 18030 (as older Chinese tools write their logs), else the file is a recording of
 * octets and becomes hexadecimal.
 */
export function file_text(octets: Uint8Array): string {
  const is_text = !octets.some((octet) => octet < 9 || (octet > 13 && octet < 32 && octet !== 27));
  if (!is_text) return as_hex(octets);
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(octets);
    } catch {
      // The next one, then.
    }
  }
  return as_hex(octets);
}
