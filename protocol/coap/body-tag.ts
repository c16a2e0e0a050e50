/** FNV-1a, twice with different starts: 8 bytes that change with the body, an ETag (RFC 7252 §5.10.6). */
export function tagOf(body: Uint8Array): Uint8Array {
  const tag = new DataView(new ArrayBuffer(8));
  for (const [at, start] of [
    [0, 0x811c9dc5],
    [4, 0x01000193],
  ] as const) {
    let hash: number = start;
    for (let i = 0; i < body.length; i++) hash = Math.imul(hash ^ (body[i] ?? 0), 0x01000193);
    tag.setUint32(at, hash >>> 0);
  }
  return new Uint8Array(tag.buffer);
}

/** Whether two tags are one; absent is a tag of its own. */
export const sameTag = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : a.length === b.length && a.every((byte, at) => byte === b[at]);
