import { Resources } from '../../common/lifecycle.js';
import { EdgetwinError } from '../../common/errors.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { confirmAnswer, type ConfirmRequest } from '../../protocol/api/sdn-app.js';
import type { ConfirmResult } from './proofs.js';

const TIMEOUT_MS = 1_000;

export interface SdnClient extends AsyncDisposable {
  confirm(vehicle: string, request: ConfirmRequest): Promise<ConfirmResult>;
}

/**
 * Asks the sdn-app that answered last; where that fails, the next of the list is asked with the next call: one of them is
 * the active one. Rejects as {@link HttpClient} does.
 */
export function openSdnClient(urls: readonly string[]): SdnClient {
  const resources = new Resources();
  const clients = urls.map(url => resources.use(new HttpClient(url, { connections: 4 })));
  let current = 0;
  return {
    confirm: async (vehicle, body) => {
      const at = current;
      const client = clients[at % clients.length];
      if (client === undefined) return 'nothing-to-confirm';
      try {
        const path = `/v1/attachments/${vehicle}/confirm`;
        return (await client.call('POST', path, { body, answer: confirmAnswer, timeoutMs: TIMEOUT_MS })).result;
      } catch (error) {
        if (current === at && (!(error instanceof EdgetwinError) || error.retry)) current = (at + 1) % clients.length;
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}
