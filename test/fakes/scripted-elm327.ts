import type { Link } from '../../device/obd/types.js';

export interface ScriptedLink extends Link {
  /** Every command in order, without the carriage return. */
  readonly commands: string[];
  /** Puts text on the line as the adapter would, unasked. */
  say(text: string): void;
}

/** An adapter that answers by a table: command → text before the prompt; undefined keeps silent, unknown says `?`. */
export function scriptedElm327(script: Readonly<Record<string, string | undefined>>): ScriptedLink {
  let listener: (chunk: Uint8Array) => void = () => undefined;
  const commands: string[] = [];
  const say = (text: string): void => listener(Buffer.from(text, 'latin1'));
  return {
    commands,
    say,
    onData: next => void (listener = next),
    closed: new Promise(() => undefined),
    write: text => {
      const command = text.replace(/\r$/, '');
      commands.push(command);
      const answer = command in script ? script[command] : '?';
      if (answer !== undefined) queueMicrotask(() => say(`${answer}\r\r>`));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
