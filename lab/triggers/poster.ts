import { Agent } from 'undici';

/** Posts notifications as a far end does: once, counted as delivered with 204 alone. */
export class Poster implements AsyncDisposable {
  /** For trials: notifications that get lost, or go out twice. */
  fate: 'once' | 'lost' | 'twice' = 'once';
  /** Statuses of what was delivered; 0 where nobody answered. */
  readonly statuses: number[] = [];
  readonly #agent = new Agent({ connect: { timeout: 2_000 } });

  async post(url: string, body: unknown): Promise<void> {
    const times = { once: 1, lost: 0, twice: 2 }[this.fate];
    for (let n = 0; n < times; n++) this.statuses.push(await this.#once(url, JSON.stringify(body)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #once(url: string, body: string): Promise<number> {
    const { origin, pathname, search } = new URL(url);
    const headers = { 'content-type': 'application/json' };
    try {
      const path = pathname + search;
      const answer = await this.#agent.request({ origin, path, method: 'POST', headers, body });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      // Nobody there: the status of none tells it.
      return 0;
    }
  }
}
