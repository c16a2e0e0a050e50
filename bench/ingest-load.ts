import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { quantilesOf, type Quantiles } from '../common/quantiles.js';
import { addressAt, COAP_PORT, LOOPBACK_PLAN } from '../protocol/addresses.js';
import { SEQ_BASE, reportDatagram } from './report-datagram.js';

/**
 * Load for an ingest benchmark, a process of its own: devices on their alias addresses, each with one report outstanding
 * (closed loop). Words: host address, first number, devices, first seq, seconds to warm up, seconds to measure, and
 * optionally a pause of each device between an acknowledgement and its next report, in milliseconds.
 * Prints `ready`, then one line of JSON {LoadResult}.
 */
export interface LoadResult {
  readonly acknowledged: number;
  /** With those of the warm-up. */
  readonly acknowledgedInAll: number;
  readonly refused: number;
  readonly resent: number;
  readonly seconds: number;
  readonly latencyMs: Quantiles;
  readonly reportBytes: number;
}

const TAG = 2_049;
const RESEND_MS = 1_000;
const ACK_OF_CON = 0x60;
const CHANGED = 0x44;

const [hostAddress = '', ...numbers] = process.argv.slice(2);
const [firstNumber = 0, devices = 1, firstSeq = 0, warmUpS = 1, measureS = 1, pauseMs = 0] = numbers.map(Number);

interface Device {
  readonly socket: Socket;
  readonly datagram: Buffer;
  readonly seqAt: number;
  seq: number;
  messageId: number;
  sentAtMs: number;
}

let measuring = false;
let stopped = false;
let acknowledged = 0;
let acknowledgedInAll = 0;
let refused = 0;
let resent = 0;
let reportBytes = 0;
const latencies: number[] = [];

const all: Device[] = [];
for (let at = 0; at < devices; at++) all.push(await openDevice(firstNumber + at));
process.stdout.write('ready\n');
for (const device of all) sendNext(device);
const resend = setInterval(() => {
  const nowMs = performance.now();
  for (const device of all) {
    if (nowMs - device.sentAtMs < RESEND_MS) continue;
    if (measuring) resent++;
    transmit(device);
  }
}, RESEND_MS / 4);
await new Promise(resolve => setTimeout(resolve, warmUpS * 1_000));
measuring = true;
const begunMs = performance.now();
await new Promise(resolve => setTimeout(resolve, measureS * 1_000));
measuring = false;
stopped = true;
clearInterval(resend);
const seconds = (performance.now() - begunMs) / 1_000;
for (const { socket } of all) socket.close();
const result: LoadResult = {
  acknowledged,
  acknowledgedInAll,
  refused,
  resent,
  seconds,
  latencyMs: quantilesOf(latencies),
  reportBytes,
};
process.stdout.write(`${JSON.stringify(result)}\n`);

async function openDevice(number: number): Promise<Device> {
  const socket = createSocket({ type: 'udp4', lookup: (address, _options, callback) => callback(null, address, 4) });
  const listening = once(socket, 'listening');
  socket.bind({ address: addressAt(LOOPBACK_PLAN.aliasPrefix, number), port: TAG, exclusive: true });
  await listening;
  const { bytes: datagram, seqAt, reportBytes: length } = reportDatagram(`car-${number}`);
  reportBytes = length;
  const messageId = Math.floor(Math.random() * 0x10000);
  const device: Device = { socket, datagram, seqAt, seq: SEQ_BASE + firstSeq, messageId, sentAtMs: 0 };
  socket.on('message', bytes => onAnswer(device, bytes));
  return device;
}

function sendNext(device: Device): void {
  if (stopped) return;
  device.seq++;
  device.messageId = (device.messageId + 1) & 0xffff;
  device.datagram.writeUInt16BE(device.messageId, 2);
  device.datagram.writeUInt32BE(device.seq, 4);
  device.datagram.writeUInt32BE(device.seq, device.seqAt);
  transmit(device);
}

function transmit(device: Device): void {
  device.sentAtMs = performance.now();
  device.socket.send(device.datagram, COAP_PORT, hostAddress);
}

function onAnswer(device: Device, bytes: Buffer): void {
  // A separate response of a slow moment is confirmable and has a message id of its own: it is known by its token.
  const piggybacked = (bytes[0] ?? 0) >> 4 === ACK_OF_CON >> 4;
  if (bytes.length < 8 || bytes[1] === 0 || bytes.readUInt32BE(4) !== device.seq) return;
  if (!piggybacked) device.socket.send(Buffer.from([0x60, 0, bytes[2] ?? 0, bytes[3] ?? 0]), COAP_PORT, hostAddress);
  if (bytes[1] === CHANGED) acknowledgedInAll++;
  if (measuring) {
    if (bytes[1] === CHANGED) {
      acknowledged++;
      latencies.push(performance.now() - device.sentAtMs);
    } else refused++;
  }
  if (pauseMs > 0) setTimeout(() => sendNext(device), pauseMs).unref();
  else sendNext(device);
}
