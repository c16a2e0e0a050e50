import type { Socket } from 'node:net';
import { aborted } from '../../common/lifecycle.js';
import { runMain } from '../../common/main.js';
import type { HostRef } from '../../protocol/api/common.js';
import { hostName, hostRefOf, SLOTS } from './hosts.js';
import { openPlainHttp, type PlainAnswer, type PlainRequest } from './plain-http.js';

/**
 * All vMD hosts and the sdn-app of a benchmark of md-manager, in a process of its own: they remember what they are told, and answer
 * at once. Which host is meant stands in the header of `hosts.via`. Prints its URL.
 */
interface Slot {
  epoch: number;
  handover: string;
  acting: boolean;
}
interface Body {
  readonly header?: { readonly epoch: number; readonly handover: string };
  readonly number?: number;
  readonly host?: HostRef;
  readonly commands?: readonly Command[];
}
interface Command {
  readonly do: string;
  readonly vehicle: string;
  readonly body: Body;
}

const slotsOf = new Map<string, Map<string, Slot>>();
const streams = new Map<string, Socket>();
const flows = new Map<string, { vehicle: string; number: number; host: HostRef; highestEpoch: number }>();

const tell = (host: string, event: string, vehicle: string, epoch: number): void =>
  void streams.get(host)?.write(`event: ${event}\ndata: ${JSON.stringify({ vehicle, epoch, atMs: 0 })}\n\n`);

function command(host: string, vehicle: string, what: string, { header }: Body): object | undefined {
  const slots = slotsOf.get(host) ?? new Map<string, Slot>();
  slotsOf.set(host, slots);
  const { epoch = 0, handover = '' } = header ?? {};
  if (what === 'release') {
    slots.delete(vehicle);
    return undefined;
  }
  slots.set(vehicle, { epoch, handover, acting: what === 'activate' });
  if (what === 'drain') {
    setImmediate(() => tell(host, 'drained', vehicle, epoch));
    const digest = { schema: 1, vehicle, cells: [], ranges: [], nextMessageId: 1, nextObserve: 1 };
    return { stoodDown: true, digest };
  }
  if (what === 'activate') setImmediate(() => tell(host, 'first-report', vehicle, epoch));
  return { slot: 0, state: what === 'activate' ? 'assigned' : 'reserved' };
}

function health(host: string, withSlots: boolean): object {
  const held = [...(slotsOf.get(host) ?? [])].map(([vehicle, { epoch, handover, acting }], slot) => ({
    ...{ slot, state: acting ? 'assigned' : 'reserved', vehicle, handover, highestEpoch: epoch },
    ...(acting ? { actingEpoch: epoch } : {}),
  }));
  const free = Array.from({ length: SLOTS - held.length }, (_, n) => ({ slot: held.length + n, state: 'ready' }));
  return { host: hostRefOf(host), pid: 1, startTicks: 1, stalledMs: 0, slots: withSlots ? [...held, ...free] : [] };
}

const shown = (vehicle: string): object => ({ ...flows.get(vehicle), waysOut: [], state: 'waiting', armed: [] });

function network(vehicle: string, { header, number, host }: Body): object {
  const before = flows.get(vehicle);
  if (host !== undefined)
    flows.set(vehicle, { vehicle, number: number ?? before?.number ?? 0, host, highestEpoch: header?.epoch ?? 0 });
  return shown(vehicle);
}

function carryOut(host: string | undefined, { do: what, vehicle, body }: Command): object | undefined {
  if (host !== undefined) return command(host, vehicle, what, body);
  return what === 'retire' ? undefined : network(vehicle, body);
}

function answer({ path: whole, headers, body: text, stream }: PlainRequest): PlainAnswer {
  const [path = '', query = ''] = whole.split('?');
  const control = headers.get('x-edgetwin-upstream');
  const host = control === undefined ? undefined : hostName(control);
  const [, , kind = '', vehicle = '', what = ''] = path.split('/');
  const body = (text === '' ? {} : JSON.parse(text)) as Body;
  if (kind === 'commands')
    return body.commands?.map((one, at) => `${JSON.stringify({ at, answer: carryOut(host, one) })}\n`).join('');
  if (kind === 'rehearsals') return body;
  if (host === undefined) {
    if (kind !== 'vehicles') return undefined;
    if (vehicle === '') return { vehicles: [...flows.keys()].map(shown) };
    return what === 'retire' ? undefined : network(vehicle, body);
  }
  if (kind === 'events') {
    streams.set(host, stream());
    return 'stream';
  }
  if (kind === 'health') return health(host, !query.includes('slots=none'));
  if (kind === 'slots') return command(host, vehicle, what, body);
  return kind === 'leases' ? { refused: [] } : undefined;
}

await runMain(async signal => {
  const http = await openPlainHttp(answer);
  process.stdout.write(`${http.url}\n`);
  await aborted(signal);
  http.close();
  return 0;
});
