import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ReportId } from './report.js';
import type { SenmlValue } from './senml.js';

/**
 * A test token that stands for OSCORE until it is there (docs/decisions/trust.md): whoever has the registration key of a
 * vehicle shows it by the record META.proof of a report. It says that the report's number is the device's own, and
 * nothing about its contents.
 */
const PROOF_BYTES = 8;

const mac = (key: string, { vehicle, boot, seq }: ReportId): Buffer =>
  createHmac('sha256', Buffer.from(key, 'hex'))
    .update(`edgetwin-proof/${vehicle}/${boot}/${seq}`)
    .digest()
    .subarray(0, PROOF_BYTES);

/** HMAC-SHA-256 cut to 8 bytes, in base64url: 11 characters. `key`: 32 hex digits. */
export const proofOf = (key: string, id: ReportId): string => mac(key, id).toString('base64url');

/** Takes as long for a wrong proof as for a right one. */
export function isProof(key: string, id: ReportId, value: SenmlValue): boolean {
  const shown = Buffer.from(String(value), 'base64url');
  return shown.length === PROOF_BYTES && timingSafeEqual(shown, mac(key, id));
}
