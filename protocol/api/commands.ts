import { z } from 'zod';
import type { EdgetwinError } from '../../common/errors.js';
import { ERRORS, fault, type ErrorCode } from '../errors.js';
import { problem } from './common.js';

/**
 * POST /v1/commands {commands: [{do, vehicle, body}]} → 200, several commands in one request (DESIGN §10). `do` names the resource of one
 * command (`Route.command`), `vehicle` and `body` are that resource's own. Each is begun in its order and answered by itself, a line of
 * JSON as soon as it is through, whatever becomes of the others: {at, answer}, or {at, error} with what its own resource would have
 * refused it with. A request that breaks off tells nothing of those without a line: they are to be said again, by their own keys.
 */
export const COMMANDS_PATH = '/v1/commands';
export const COMMANDS_MEDIA = 'application/x-ndjson';
export const MOST_COMMANDS = 64;

/** Each is checked by itself: one that is wrong is no fault of its neighbours. */
export const commandsRequest = z.strictObject({ commands: z.array(z.unknown()).min(1).max(MOST_COMMANDS) });
export const command = z.strictObject({ do: z.string(), vehicle: z.string().optional(), body: z.unknown() });
export const commandLine = z.object({
  /** Its place in the request. */
  at: z.int().min(0),
  answer: z.unknown().optional(),
  error: problem.optional(),
});
export type CommandLine = z.infer<typeof commandLine>;

/** One command as text of a request; `body` is JSON already. */
export const commandText = (name: string, vehicle: string, body: string): string =>
  `{"do":"${name}","vehicle":${JSON.stringify(vehicle)},"body":${body}}`;

export const commandsText = (commands: readonly string[]): string => `{"commands":[${commands.join(',')}]}`;

/** The error that a command was refused with. */
export function refusalOf({ code, detail }: NonNullable<CommandLine['error']>): EdgetwinError {
  return code in ERRORS ? fault(code as ErrorCode, detail) : fault('UPSTREAM_REFUSED', `${code}: ${detail}`);
}
