const words = new Uint32Array(1_024);
let next = words.length;

/** Uniform in [0, 1), 32 bits, from the system's generator: tokens must not be guessed (RFC 7252 §5.3.1). */
export function secureRandom(): number {
  if (next >= words.length) {
    crypto.getRandomValues(words);
    next = 0;
  }
  return (words[next++] ?? 0) / 2 ** 32;
}
