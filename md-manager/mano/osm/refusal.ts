import { z } from 'zod';
import type { EdgetwinError } from '../../../common/errors.js';
import { fault, type ErrorCode } from '../../../protocol/errors.js';
import type { NbiAnswer, NbiRequest } from './transport.js';

/** The interface's own form of an error, everywhere the same. */
const NbiError = z.object({ code: z.string(), status: z.number(), detail: z.string() });

/** What a status means for us. 400 stands for unknown failures inside the interface, too: not worth the same call again. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  404: 'NOT_FOUND',
  405: 'MANO_UNSUPPORTED',
  409: 'MANO_CONFLICT',
};

/** Its refusal as one of our errors, with its own words. */
export function refusal({ method, path }: Pick<NbiRequest, 'method' | 'path'>, answer: NbiAnswer): EdgetwinError {
  const code = CODES[answer.status] ?? (answer.status >= 500 ? 'MANO_AWAY' : 'MANO_REFUSED');
  const said = NbiError.safeParse(answer.body);
  const words = said.success ? `${said.data.code}: ${said.data.detail}` : String(answer.body).slice(0, 200);
  return fault(code, `${method} ${path} answered ${answer.status} ${words}`);
}
