import { z } from 'zod';
import {
  hostHealth,
  drainAnswer,
  leaseAnswer,
  settingsAnswer,
  slotAnswer,
  type HostHealth,
} from '../protocol/api/vmd.js';
import type {
  Digest,
  activateRequest,
  drainRequest,
  leaseRequest,
  prepareRequest,
  settingsRequest,
} from '../protocol/api/vmd.js';
import type { ArmingRequest, AttachmentHint, TicketsRequest } from '../protocol/api/sdn-app.js';
import type { Attachment, CommandHeader, HostRef } from '../protocol/api/common.js';
import type { Timers } from '../common/clock.js';
import { HttpClient, type HttpClientOptions } from '../protocol/api/http-client.js';
import { fault } from '../protocol/errors.js';
import { pages } from '../protocol/api/pages.js';
import { keepRehearsed } from '../protocol/api/rehearsal.js';
import type { Fence } from './leader/fence.js';
import { CommandQueue, type Command, type CommandWay } from './command-queue.js';
import type { Lane } from './lanes.js';
import { vehicleFlows, vehicleFlowsList, type VehicleFlows } from '../protocol/api/sdn-app.js';
import type { ServerEvent } from '../protocol/api/sse.js';

/** The two services that md-manager commands. Every call is one request; retries are the caller's. */

export const COMMAND_TIMEOUT_MS = 2_000;

/**
 * Requests with commands to one service at once, and how many of these commands may be for standby slots; connections are a few more,
 * for those that wait for nobody: probes, leases, events, rehearsals. A host answers from its memory or after a commit; sdn-app after a
 * round to the switch, which takes many at once.
 */
const TO_HOST = { requests: 12, ofStandby: 64, connections: 20 };
const TO_SDN = { requests: 32, ofStandby: 64, connections: 40 };

/** Nothing leaves without the lease; who has seen a higher term than this leader's ends it. */
const fencing = (fence: Fence | undefined): Pick<HttpClientOptions, 'before' | 'refused'> =>
  fence === undefined
    ? {}
    : { before: fence.check, refused: code => void (code === 'TERM_STALE' ? fence.depose() : undefined) };

/** What md-manager looks at of an answer of sdn-app's: the rest is for people. */
const confirmed = vehicleFlows.pick({ vehicle: true, highestEpoch: true });

/** Every command has the same time, from when it leaves; whether the answer makes sense is looked at by who wants it. */
const wayTo = (http: () => HttpClient): CommandWay => ({
  one: ({ method, path }, json, signal) =>
    http().call(method, path, { json, answer: z.unknown(), timeoutMs: COMMAND_TIMEOUT_MS, signal }),
  many: (commands, told, signal) => http().commands(commands, told, { timeoutMs: COMMAND_TIMEOUT_MS, signal }),
});

function answered<A>(form: z.ZodType<A>, answer: unknown): A {
  const found = form.safeParse(answer);
  if (!found.success) throw fault('UPSTREAM_REFUSED', 'a command was answered in another form');
  return found.data;
}

/** Control API of one vMD host. `via`: all hosts are reached through this URL, which is told the real one in a header. */
export class HostClient implements AsyncDisposable {
  readonly #http: HttpClient;
  readonly #queue: CommandQueue;

  constructor(control: string, via?: string, fence?: Fence) {
    const { connections } = TO_HOST;
    const headers = via === undefined ? {} : { headers: { 'x-edgetwin-upstream': control } };
    this.#http = new HttpClient(via ?? control, { connections, ...headers, ...fencing(fence) });
    this.#queue = new CommandQueue(
      wayTo(() => this.#http),
      TO_HOST,
    );
  }

  async prepare(vehicle: string, body: z.infer<typeof prepareRequest>, signal: AbortSignal): Promise<void> {
    const lane = body.lease === undefined ? 'handover' : 'standby';
    answered(slotAnswer, await this.#command(lane, 'prepare', vehicle, body, signal));
  }

  async activate(vehicle: string, body: z.infer<typeof activateRequest>, signal: AbortSignal): Promise<void> {
    answered(slotAnswer, await this.#command('handover', 'activate', vehicle, body, signal));
  }

  /** The digest of the twin, which has stood down. */
  async drain(vehicle: string, header: CommandHeader, graceMs: number, signal: AbortSignal): Promise<Digest> {
    const body: z.infer<typeof drainRequest> = { header, graceMs };
    return answered(drainAnswer, await this.#command('handover', 'drain', vehicle, body, signal)).digest;
  }

  async release(vehicle: string, header: CommandHeader, signal: AbortSignal): Promise<void> {
    // Nobody's flow waits for a slot that is given back.
    await this.#command('standby', 'release', vehicle, { header }, signal);
  }

  /** What a vehicle is to be set to; the answer is what its car last said of that there. */
  async desire(
    vehicle: string,
    body: z.infer<typeof settingsRequest>,
    signal: AbortSignal,
  ): Promise<z.infer<typeof settingsAnswer>> {
    // Nobody's flow waits for it.
    return answered(settingsAnswer, await this.#command('standby', 'settings', vehicle, body, signal));
  }

  /** Vehicles that do not act there with the epoch named. */
  async renew(body: z.infer<typeof leaseRequest>, signal: AbortSignal): Promise<readonly string[]> {
    const call = { body, answer: leaseAnswer, timeoutMs: COMMAND_TIMEOUT_MS, signal };
    return (await this.#http.call('POST', '/v1/leases', call)).refused;
  }

  /** With every slot, however many there are. */
  health(timeoutMs: number, signal: AbortSignal): Promise<HostHealth> {
    return this.#http.call('GET', '/v1/health', { answer: hostHealth, timeoutMs, signal });
  }

  /** The process alone: a question that is asked several times a second must not grow with what it carries. */
  async probe(timeoutMs: number, signal: AbortSignal): Promise<Pick<HostHealth, 'stalledMs'>> {
    return this.#http.call('GET', '/v1/health?slots=none', { answer: hostHealth, timeoutMs, signal });
  }

  keepRehearsed(timers: Timers, signal: AbortSignal): Promise<void> {
    return keepRehearsed(this.#http, timers, signal);
  }

  /** `motionMs`: and so often where its vehicles are. */
  events(signal: AbortSignal, motionMs?: number): AsyncGenerator<ServerEvent> {
    return this.#http.events(motionMs === undefined ? '/v1/events' : `/v1/events?motionMs=${motionMs}`, signal);
  }

  #command(lane: Lane, name: string, vehicle: string, body: unknown, signal: AbortSignal): Promise<unknown> {
    const path = `/v1/slots/${vehicle}/${name}`;
    const method = name === 'settings' ? 'PUT' : 'POST';
    return this.#queue.send(lane, { name, method, path, vehicle, body }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }
}

/** The sdn-app that is active. */
export class SdnClient implements AsyncDisposable {
  #http: HttpClient;
  readonly #fence: Fence | undefined;
  /** Through whichever sdn-app is the active one when its turn comes. */
  readonly #queue = new CommandQueue(
    wayTo(() => this.#http),
    TO_SDN,
  );

  constructor(url: string, fence?: Fence) {
    this.#fence = fence;
    this.#http = new HttpClient(url, { connections: TO_SDN.connections, ...fencing(fence) });
  }

  get url(): string {
    return this.#http.url;
  }

  /** From now on another sdn-app is the active one; calls to the old one that are under way fail as if it were away. */
  async pointTo(url: string): Promise<void> {
    if (url === this.url) return;
    const old = this.#http;
    this.#http = new HttpClient(url, { connections: TO_SDN.connections, ...fencing(this.#fence) });
    await old[Symbol.asyncDispose]();
  }

  /** Ends with the signal; follows the client to another sdn-app. */
  async keepRehearsed(timers: Timers, signal: AbortSignal): Promise<void> {
    await keepRehearsed({ call: (method, path, options) => this.#http.call(method, path, options) }, timers, signal);
  }

  /**
   * What a vehicle may use by itself from now on; replaces what was there. It leaves at once, because what sdn-app is told of
   * times counts from here: whoever arms sees to it that few do so at once.
   */
  async arm(vehicle: string, body: ArmingRequest, signal: AbortSignal): Promise<VehicleFlows> {
    const call = { body, answer: vehicleFlows, timeoutMs: COMMAND_TIMEOUT_MS, signal };
    return this.#http.call('PUT', `/v1/vehicles/${vehicle}/arming`, call);
  }

  /** Slots that no vehicle holds yet; replaces what was there. */
  async giveTickets(body: TicketsRequest, signal: AbortSignal): Promise<void> {
    await this.#http.call('PUT', '/v1/tickets', { body, timeoutMs: COMMAND_TIMEOUT_MS, signal });
  }

  /** Way out and back-up routes of a vehicle that the switch may not know. */
  async install(
    vehicle: string,
    body: { header: CommandHeader; number: number; host: HostRef; attachment?: Attachment },
    signal: AbortSignal,
  ): Promise<void> {
    await this.#put('install', `/v1/vehicles/${vehicle}`, vehicle, body, signal);
  }

  async redirect(vehicle: string, header: CommandHeader, host: HostRef, signal: AbortSignal): Promise<void> {
    await this.#put('redirect', `/v1/vehicles/${vehicle}/redirect`, vehicle, { header, host }, signal);
  }

  /** Somebody other than the switch saw the vehicle there. */
  async hint(vehicle: string, place: AttachmentHint, signal: AbortSignal): Promise<void> {
    const path = `/v1/attachments/${vehicle}`;
    await this.#queue.send('handover', { name: 'hint', method: 'PUT', path, vehicle, body: place }, signal);
  }

  async retire(vehicle: string, header: CommandHeader, host: HostRef, signal: AbortSignal): Promise<void> {
    const path = `/v1/vehicles/${vehicle}/retire`;
    const command: Command = { name: 'retire', method: 'POST', path, vehicle, body: { header, host } };
    // Nobody's flow leads there any more.
    await this.#queue.send('standby', command, signal);
  }

  async vehicles(signal: AbortSignal): Promise<VehicleFlows[]> {
    const all: VehicleFlows[] = [];
    for await (const { vehicles } of pages(query =>
      this.#http.call('GET', `/v1/vehicles${query}`, { answer: vehicleFlowsList, signal }),
    ))
      all.push(...vehicles);
    return all;
  }

  async #put(name: string, path: string, vehicle: string, body: unknown, signal: AbortSignal): Promise<void> {
    answered(confirmed, await this.#queue.send('handover', { name, method: 'PUT', path, vehicle, body }, signal));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }
}
