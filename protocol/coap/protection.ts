import type { Message } from './codec.js';
import type { Peer } from './types.js';

/**
 * Where messages are protected: between their meaning and the message layer, so that retransmissions repeat the same
 * protected bytes and duplicates are found before anything is opened. Types, message ids and tokens stay as they are.
 */
export interface Protection {
  /** Called once per request or response that leaves. */
  seal(message: Message, peer: Peer): Message;
  /** Called once per request or response that came; an error thrown here answers a request by its status. */
  open(message: Message, peer: Peer): Message;
}

/** Messages in clear. */
export const PLAIN: Protection = { seal: message => message, open: message => message };
