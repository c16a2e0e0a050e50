/** Where the web server of a Ryu is: `ws://ADDRESS:PORT`, or `ws+unix:PATH` for one that listens at a Unix socket. */
export interface WebAddress {
  readonly url: string;
  readonly socketPath?: string;
}

const UNIX = 'ws+unix:';

/** The same server by WebSocket or by HTTP. */
export function webAddress(text: string, scheme: 'ws' | 'http'): WebAddress {
  if (text.startsWith(UNIX)) return { url: `${scheme}://localhost`, socketPath: text.slice(UNIX.length) };
  return { url: text.replace(/^(ws|http):/, `${scheme}:`) };
}
