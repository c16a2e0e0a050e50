import type { Timers } from '../../common/clock.js';
import { NO_BYTES, encodeMessage, type Message, type MessageType } from './codec.js';
import { EMPTY } from './codes.js';
import { OUT, type OnCount } from './counts.js';
import type { CoapParams } from './params.js';
import type { Peer } from './types.js';

export interface TransmissionEvents {
  /** At each transmission, the first included. */
  onTransmit?(count: number): void;
  /**
   * Asked before it is sent again: another message in its place, with its own id, under the same count and back-off (RFC
   * 7641 §4.5.2). It must be one that `encodeMessage` takes.
   */
  renew?(): Message | undefined;
  /** The peer's message layer has it, or has refused it, or never answered; exactly one of the three, unless stopped. */
  onAcknowledged(): void;
  onReset(): void;
  onGiveUp(): void;
}

/** A confirmable message on its way. */
export interface Transmission {
  /** Sends the same bytes again at once, beside the schedule; does nothing once it has ended. */
  retransmit(): void;
  stop(): void;
}

export interface MessageLayerDeps {
  readonly send: (bytes: Uint8Array, peer: Peer) => void;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly params: CoapParams;
  readonly onCount: OnCount;
  readonly peerKey: (peer: Peer) => string;
  /** The next message id for a peer. */
  readonly messageIds: (peer: Peer) => number;
}

interface Outstanding extends Transmission {
  readonly events: TransmissionEvents;
}

/** RFC 7252 §4: what is confirmable is sent again, at doubling intervals, until it is acknowledged, reset, or given up. */
export class MessageLayer {
  readonly #deps: MessageLayerDeps;
  readonly #outstanding = new Map<string, Outstanding>();

  constructor(deps: MessageLayerDeps) {
    this.#deps = deps;
  }

  /** A message id that names no message in flight to this peer. */
  nextMessageId(peer: Peer): number {
    let messageId = this.#deps.messageIds(peer) & 0xffff;
    for (let tries = 0; tries < 65_536 && this.#outstanding.has(this.#key(peer, messageId)); tries++)
      messageId = this.#deps.messageIds(peer) & 0xffff;
    return messageId;
  }

  send(message: Message, peer: Peer): void {
    this.#deps.onCount(OUT[message.type]);
    this.#deps.send(encodeMessage(message), peer);
  }

  /** Empty acknowledgements and resets (RFC 7252 §4.2). */
  sendEmpty(type: MessageType, messageId: number, peer: Peer): void {
    this.send({ type, code: EMPTY, messageId, token: NO_BYTES, options: [], payload: NO_BYTES }, peer);
  }

  sendConfirmable(
    message: Message,
    peer: Peer,
    events: TransmissionEvents,
    ackTimeoutMs = this.#deps.params.ackTimeoutMs,
  ): Transmission {
    const { params, random, timers, onCount, send } = this.#deps;
    let bytes = encodeMessage(message);
    let key = this.#key(peer, message.messageId);
    let count = 0;
    let scheduled = 0;
    let ended = false;
    let cancel = (): void => undefined;
    const transmit = (): void => {
      count++;
      onCount('outCON');
      if (count > 1) onCount('retransmission');
      send(bytes, peer);
      events.onTransmit?.(count);
    };
    const stop = (): void => {
      if (ended) return;
      ended = true;
      cancel();
      this.#outstanding.delete(key);
    };
    const wait = (timeoutMs: number): void => {
      cancel = timers.after(timeoutMs, () => {
        if (scheduled >= params.maxRetransmit) {
          stop();
          onCount('timeout');
          events.onGiveUp();
          return;
        }
        scheduled++;
        wait(timeoutMs * 2);
        renew();
        transmit();
      });
    };
    const transmission: Outstanding = {
      events,
      stop,
      retransmit: () => {
        if (!ended) transmit();
      },
    };
    const renew = (): void => {
      const instead = events.renew?.();
      if (instead === undefined) return;
      this.#outstanding.delete(key);
      bytes = encodeMessage(instead);
      key = this.#key(peer, instead.messageId);
      this.#outstanding.set(key, transmission);
    };
    this.#outstanding.set(key, transmission);
    // RFC 7252 §4.2: the first wait is random between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR.
    wait(ackTimeoutMs * (1 + random() * (params.ackRandomFactor - 1)));
    transmit();
    return transmission;
  }

  /** An acknowledgement came: stops what it names. False where nothing in flight has this id. */
  acknowledged(peer: Peer, messageId: number): boolean {
    return this.#end(peer, messageId, 'onAcknowledged');
  }

  /** A reset came. */
  reset(peer: Peer, messageId: number): boolean {
    return this.#end(peer, messageId, 'onReset');
  }

  /** Stops everything in flight without telling anyone. */
  close(): void {
    for (const transmission of [...this.#outstanding.values()]) transmission.stop();
  }

  #end(peer: Peer, messageId: number, how: 'onAcknowledged' | 'onReset'): boolean {
    const found = this.#outstanding.get(this.#key(peer, messageId));
    if (found === undefined) return false;
    found.stop();
    found.events[how]();
    return true;
  }

  #key(peer: Peer, messageId: number): string {
    return `${this.#deps.peerKey(peer)} ${messageId}`;
  }
}
