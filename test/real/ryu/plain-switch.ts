import { connect, type Socket } from 'node:net';

/** Types of OpenFlow 1.3 messages that a switch meets here. */
const HELLO = 0;
const ERROR = 1;
const ECHO_REQUEST = 2;
const ECHO_REPLY = 3;
const EXPERIMENTER = 4;
const FEATURES_REQUEST = 5;
const FEATURES_REPLY = 6;
const FLOW_MOD = 14;
const MULTIPART_REQUEST = 18;
const MULTIPART_REPLY = 19;
const BARRIER_REQUEST = 20;
const BARRIER_REPLY = 21;
/** OFPET_BAD_REQUEST, OFPBRC_BAD_EXPERIMENTER; OFPET_BAD_ACTION, OFPBAC_BAD_EXPERIMENTER. */
const NO_EXPERIMENTS = [1, 3] as const;
const NO_NICIRA = [2, 2] as const;
/** Vendor id of Nicira, as it stands in an action. */
const NICIRA = Buffer.from([0xff, 0xff, 0, 24, 0, 0, 0x23, 0x20]);

/** A switch with OpenFlow 1.3 and nothing beyond: no bundles, no moves, no ports; it keeps the flow mods that it took. */
export class PlainSwitch {
  readonly #socket: Socket;
  readonly flowMods: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);

  constructor(openFlowPort: number, datapath: number) {
    const socket = connect({ host: '127.0.0.1', port: openFlowPort });
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('data', chunk => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      while (this.#rest.length >= 8 && this.#rest.length >= this.#rest.readUInt16BE(2)) {
        const length = this.#rest.readUInt16BE(2);
        this.#received(this.#rest.subarray(0, length), datapath);
        this.#rest = this.#rest.subarray(length);
      }
    });
    this.#send(HELLO, 0);
  }

  /** It reads no more, and so says no more. */
  hang(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(type: number, xid: number, body: Uint8Array = new Uint8Array()): void {
    const head = Buffer.from([4, type, 0, 0, 0, 0, 0, 0]);
    head.writeUInt16BE(8 + body.length, 2);
    head.writeUInt32BE(xid, 4);
    this.#socket.write(Buffer.concat([head, body]));
  }

  #refuse(message: Buffer, [type, code]: readonly [number, number]): void {
    const body = Buffer.from([0, type, 0, code]);
    this.#send(ERROR, message.readUInt32BE(4), Buffer.concat([body, message.subarray(0, 64)]));
  }

  #received(message: Buffer, datapath: number): void {
    const xid = message.readUInt32BE(4);
    switch (message.readUInt8(1)) {
      case ECHO_REQUEST:
        return this.#send(ECHO_REPLY, xid, message.subarray(8));
      case FEATURES_REQUEST: {
        const body = Buffer.alloc(24);
        body.writeUInt32BE(datapath, 4);
        body[12] = 10;
        return this.#send(FEATURES_REPLY, xid, body);
      }
      case MULTIPART_REQUEST:
        return this.#send(MULTIPART_REPLY, xid, Buffer.concat([message.subarray(8, 10), Buffer.alloc(6)]));
      case EXPERIMENTER:
        return this.#refuse(message, NO_EXPERIMENTS);
      case FLOW_MOD:
        if (message.includes(NICIRA)) return this.#refuse(message, NO_NICIRA);
        this.flowMods.push(message);
        return;
      case BARRIER_REQUEST:
        return this.#send(BARRIER_REPLY, xid);
    }
  }
}
