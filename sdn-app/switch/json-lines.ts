import type { Socket } from 'node:net';

/** Above this a peer is broken or hostile. */
const LINE_MAX_BYTES = 8_388_608;

/**
 * Calls `onLine` with each line of a connection; `onTooLong` once where a line has no end. Nagle's algorithm is off: with
 * delayed acknowledgements it would cost 40 ms a message.
 */
export function readLines(socket: Socket, onLine: (line: string) => void, onTooLong: () => void): void {
  socket.setNoDelay(true);
  socket.setEncoding('utf8');
  let rest = '';
  socket.on('data', (text: string) => {
    rest += text;
    let from = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', from)) {
      if (end > from) onLine(rest.slice(from, end));
      from = end + 1;
    }
    rest = rest.slice(from);
    if (rest.length > LINE_MAX_BYTES) {
      rest = '';
      onTooLong();
    }
  });
}

/** A line as a value; `undefined` where it is not JSON. */
export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
