import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { labMissing } from '../../../lab/netns/namespaces.js';
import type { Network } from '../../../lab/netns/network.js';
import { GATEWAY_MAC } from '../../../lab/netns/address-plan.js';

/** What tests of the network lab share: a small spec, a UDP program, and flows made by hand. */

export { SMALL, accessPoint } from '../../fakes/netns-specs.js';

/** Skips the tests of a suite, and says so, where the lab cannot be built. */
export function needsLab(this: Mocha.Context): void {
  const missing = labMissing();
  if (missing === undefined) return;
  console.log(`      (skipped: ${missing})`);
  this.skip();
}

/** Ends networks; in none of them may a checksum have been wrong. */
export async function endAll(opened: Network[]): Promise<void> {
  for (const done of opened.splice(0)) {
    const errors = await done.checksumErrors();
    await done[Symbol.asyncDispose]();
    assert.deepEqual(errors, {});
  }
}

export interface Received {
  readonly text: string;
  readonly address: string;
  readonly port: number;
}

/** A UDP socket in a place. */
export interface Socket {
  readonly pid: number | undefined;
  send(address: string, port: number, text: string): void;
  /** The next datagram that came in. */
  next(): Promise<Received>;
}

const PROGRAM = `
const [port, echo, bound] = process.argv.slice(1);
const socket = require('node:dgram').createSocket(echo === '6' || echo === 'echo6' ? 'udp6' : 'udp4');
socket.on('message', (message, { address, port }) => {
  process.stdout.write(JSON.stringify({ text: String(message), address, port }) + '\\n');
  if (echo.startsWith('echo')) socket.send(message, port, address);
});
socket.bind(Number(port), bound || undefined, () => process.stdout.write('ready\\n'));
let rest = '';
process.stdin.on('data', chunk => {
  const lines = (rest + chunk).split('\\n');
  rest = lines.pop();
  for (const line of lines) { const { address, port, text } = JSON.parse(line); socket.send(text, port, address); }
});
process.stdin.on('end', () => process.exit());
`;

/** Opens a UDP socket in a place; with `echo` every datagram is sent back to where it came from. */
export async function openSocket(
  network: Pick<Network, 'exec'>,
  place: string,
  port: number,
  kind: 'quiet' | 'echo' | '6' | 'echo6' = 'quiet',
  address = '',
): Promise<Socket> {
  const child = network.exec(place, [process.execPath, '-e', PROGRAM, String(port), kind, address], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes');
  stdin.on('error', () => undefined);
  const lines = createInterface({ input: stdout });
  await once(lines, 'line');
  const came: Received[] = [];
  const waiting: ((received: Received) => void)[] = [];
  lines.on('line', line => {
    const received = JSON.parse(line) as Received;
    const first = waiting.shift();
    if (first === undefined) came.push(received);
    else first(received);
  });
  return {
    pid: child.pid,
    send: (address, to, text) => void stdin.write(`${JSON.stringify({ address, port: to, text })}\n`),
    next: () => {
      const first = came.shift();
      return first === undefined ? new Promise(resolve => waiting.push(resolve)) : Promise.resolve(first);
    },
  };
}

/** The vehicle of these flows: number 1. */
export const TWIN = '10.64.0.1';
export const ALIAS = '10.80.0.1';
export const COAP = 5683;

/**
 * Flows as DESIGN §5 has them, by hand: in from any access port to one host, the way back by the tag in the UDP port; the
 * rest is forwarded as usual.
 */
export function handMade(network: Network, host: string, hostPort: number, car = 'car-1'): readonly string[] {
  const { plan } = network;
  const hostMac = plan.stations.find(({ name }) => name === host)?.mac ?? '';
  const carMac = plan.mobiles.find(({ name }) => name === car)?.mac ?? '';
  const wayIn = [
    'move:NXM_OF_IN_PORT[0..10]->NXM_OF_UDP_SRC[0..10],load:1->NXM_OF_UDP_SRC[11..15]',
    `set_field:${ALIAS}->ip_src,set_field:${network.addressOf(host)}->ip_dst`,
    `set_field:${GATEWAY_MAC}->eth_src,set_field:${hostMac}->eth_dst,output:${hostPort}`,
  ];
  const wayOut = [
    `move:NXM_OF_UDP_DST[0..10]->NXM_NX_REG0[0..10],set_field:${COAP}->udp_dst`,
    `set_field:${TWIN}->ip_src,set_field:${network.addressOf(car)}->ip_dst`,
    `set_field:${GATEWAY_MAC}->eth_src,set_field:${carMac}->eth_dst,output:NXM_NX_REG0[0..10]`,
  ];
  return [
    'priority=0,actions=NORMAL',
    `priority=10,udp,nw_dst=${TWIN},tp_dst=${COAP},actions=${wayIn.join(',')}`,
    `priority=10,udp,nw_dst=${ALIAS},actions=${wayOut.join(',')}`,
  ];
}
