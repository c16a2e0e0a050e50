import type { z } from 'zod';
import { HttpClient } from '../protocol/api/http-client.js';
import {
  attachmentAnswer,
  vehicleList,
  type AttachmentAnswer,
  type AttachmentChanged,
} from '../protocol/api/md-manager.js';

export type VehicleList = z.infer<typeof vehicleList>;

/** What sdn-app asks of md-manager. */
export interface ManagerLink extends AsyncDisposable {
  vehicles(): Promise<VehicleList>;
  report(change: AttachmentChanged): Promise<AttachmentAnswer>;
}

export function openManagerLink(url: string): ManagerLink {
  const http = new HttpClient(url, { connections: 8 });
  return {
    vehicles: () => http.call('GET', '/v1/vehicles', { answer: vehicleList }),
    report: change =>
      http.call('POST', '/v1/attachments', { body: change, answer: attachmentAnswer, timeoutMs: 2_000 }),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}
