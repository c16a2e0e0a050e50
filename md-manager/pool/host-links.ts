import type { HostRef } from '../../protocol/api/common.js';
import { HostLink, type LinkDeps } from './host-link.js';

/** The lines to all hosts that exist. */
export class HostLinks implements AsyncDisposable {
  readonly #deps: LinkDeps;
  readonly #links = new Map<string, HostLink>();
  #following = false;

  constructor(deps: LinkDeps) {
    this.#deps = deps;
  }

  open(ref: HostRef): HostLink {
    const link = new HostLink(ref, this.#deps);
    this.#links.set(ref.host, link);
    return link;
  }

  /** The line to a host that can be reached. */
  get(host: string): HostLink | undefined {
    const link = this.#links.get(host);
    return link?.signal.aborted ? undefined : link;
  }

  /** From now on hosts are followed: those that are known, and each that gets ready. */
  followAll(): void {
    this.#following = true;
    for (const host of this.#links.keys()) this.follow(host);
  }

  /** The host is ready; nothing happens before `followAll`. */
  follow(host: string): void {
    const link = this.#links.get(host);
    if (!this.#following || link === undefined) return;
    link.start();
    // Leases may be about to run out after a change of managers.
    void link.renew();
  }

  async close(host: string): Promise<void> {
    const link = this.#links.get(host);
    this.#links.delete(host);
    await link?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#links.keys()].map(host => this.close(host)));
  }
}
