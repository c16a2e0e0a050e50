/** Asks at every turn of the event loop until the answer is true; fails after `withinMs`, so that no test asks for ever. */
export async function eventually(what: string, ask: () => boolean | Promise<boolean>, withinMs = 8_000): Promise<void> {
  for (const endMs = performance.now() + withinMs; !(await ask());) {
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`);
    await new Promise(resolve => setImmediate(resolve));
  }
}
