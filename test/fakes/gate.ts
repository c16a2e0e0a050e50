/** Holds what passes by name until a test lets it go. */
export class Gate {
  /** Names of all that came, in order. */
  readonly passed: string[] = [];
  readonly #closed = new Map<string, { reached: () => void; open: Promise<void>; letGo: () => void }>();

  /** The next one to pass under this name waits; `reached` resolves when it does. */
  close(name: string): { readonly reached: Promise<void>; readonly open: () => void } {
    let letGo = (): void => undefined;
    let onReached = (): void => undefined;
    const open = new Promise<void>(resolve => (letGo = resolve));
    const reached = new Promise<void>(resolve => (onReached = resolve));
    this.#closed.set(name, { reached: onReached, open, letGo });
    return { reached, open: letGo };
  }

  async pass(name: string): Promise<void> {
    this.passed.push(name);
    const held = this.#closed.get(name);
    if (held === undefined) return;
    this.#closed.delete(name);
    held.reached();
    await held.open;
  }
}
