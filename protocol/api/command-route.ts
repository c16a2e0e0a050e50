import type { FastifyReply, FastifyRequest } from 'fastify';
import { fault } from '../errors.js';
import { check } from './check.js';
import { command, COMMANDS_MEDIA, COMMANDS_PATH, commandsRequest, type CommandLine } from './commands.js';
import type { Problem } from './common.js';
import { route, type Route } from './route.js';

export interface CommandHooks {
  /** Counts a refusal, and says it. */
  readonly refused: (error: unknown, request: FastifyRequest) => Problem;
  /** A command was carried out. */
  readonly took: (row: Route, reply: FastifyReply) => void;
}

/** The routes, and where some of them are commands one more that takes several of these at once. */
export function withCommands(routes: readonly Route[], hooks: CommandHooks): readonly Route[] {
  const named = new Map(routes.flatMap(row => (row.command === undefined ? [] : [[row.command, row] as const])));
  if (named.size === 0) return routes;
  const answer = async (given: unknown, request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { do: name, vehicle, body } = check(command, given, 'command');
    const row = named.get(name);
    if (row === undefined) throw fault('REQUEST_INVALID', `'${name}' is no command here`);
    const params = check(row.params, { vehicle }, 'path');
    const input = { params, query: undefined, body: check(row.body, body, 'body'), request, reply };
    const found = await row.handle(input);
    hooks.took(row, reply);
    return found;
  };
  const together = route({
    method: 'POST',
    path: COMMANDS_PATH,
    summary: `several commands at once, each answered by a line of JSON of its own: ${[...named.keys()].join(', ')}`,
    body: commandsRequest,
    raw: true,
    media: COMMANDS_MEDIA,
    errors: ['REQUEST_INVALID'],
    handle: ({ body: { commands }, request, reply }) => {
      const answers = new Answers(reply, commands.length);
      const begin = async (given: unknown, at: number): Promise<void> => {
        try {
          answers.tell({ at, answer: await answer(given, request, reply) });
        } catch (error) {
          answers.tell({ at, error: hooks.refused(error, request) });
        }
      };
      commands.forEach((given, at) => void begin(given, at));
    },
  });
  return [...routes, together];
}

/** The answer to several commands: a line for each, those of one turn of the event loop in one write. */
class Answers {
  readonly #reply: FastifyReply;
  #left: number;
  #begun = false;
  #lines = '';

  constructor(reply: FastifyReply, count: number) {
    this.#reply = reply;
    this.#left = count;
    reply.hijack();
  }

  /** Throws where the answer cannot be said in JSON, and has told nothing then. */
  tell(line: CommandLine): void {
    const text = `${JSON.stringify(line)}\n`;
    if (this.#lines === '') setImmediate(() => this.#write());
    this.#lines += text;
    this.#left--;
  }

  #write(): void {
    const { raw } = this.#reply;
    const lines = this.#lines;
    this.#lines = '';
    const whole = this.#left === 0 ? { 'content-length': Buffer.byteLength(lines) } : {};
    if (!this.#begun) raw.writeHead(200, { 'content-type': COMMANDS_MEDIA, ...whole });
    this.#begun = true;
    if (this.#left === 0) raw.end(lines);
    else raw.write(lines);
  }
}
