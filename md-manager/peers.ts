import type { z } from 'zod';
import { hostHealth, drainAnswer, leaseAnswer, slotAnswer, type HostHealth } from '../protocol/api/vmd.js';
import type { Digest, activateRequest, leaseRequest, prepareRequest } from '../protocol/api/vmd.js';
import type { ArmingRequest, TicketsRequest } from '../protocol/api/sdn-app.js';
import type { Attachment, CommandHeader, HostRef } from '../protocol/api/common.js';
import type { Timers } from '../common/clock.js';
import { HttpClient } from '../protocol/api/http-client.js';
import { keepRehearsed } from '../protocol/api/rehearsal.js';
import { vehicleFlows, vehicleFlowsList, type VehicleFlows } from '../protocol/api/sdn-app.js';
import type { ServerEvent } from '../protocol/api/sse.js';

/** The two services that md-manager commands. Every call is one request; retries are the caller's. */

export const COMMAND_TIMEOUT_MS = 2_000;

/** Control API of one vMD host. `via`: all hosts are reached through this URL, which is told the real one in a header. */
export class HostClient implements AsyncDisposable {
  readonly #http: HttpClient;

  constructor(control: string, via?: string) {
    this.#http = new HttpClient(
      via ?? control,
      via === undefined ? {} : { headers: { 'x-edgetwin-upstream': control } },
    );
  }

  async prepare(vehicle: string, body: z.infer<typeof prepareRequest>, signal: AbortSignal): Promise<void> {
    await this.#post(`/v1/slots/${vehicle}/prepare`, body, slotAnswer, signal);
  }

  async activate(vehicle: string, body: z.infer<typeof activateRequest>, signal: AbortSignal): Promise<void> {
    await this.#post(`/v1/slots/${vehicle}/activate`, body, slotAnswer, signal);
  }

  /** The digest of the twin, which has stood down. */
  async drain(vehicle: string, header: CommandHeader, graceMs: number, signal: AbortSignal): Promise<Digest> {
    return (await this.#post(`/v1/slots/${vehicle}/drain`, { header, graceMs }, drainAnswer, signal)).digest;
  }

  async release(vehicle: string, header: CommandHeader, signal: AbortSignal): Promise<void> {
    const path = `/v1/slots/${vehicle}/release`;
    await this.#http.call('POST', path, { body: { header }, timeoutMs: COMMAND_TIMEOUT_MS, signal });
  }

  /** Vehicles that do not act there with the epoch named. */
  async renew(body: z.infer<typeof leaseRequest>, signal: AbortSignal): Promise<readonly string[]> {
    return (await this.#post('/v1/leases', body, leaseAnswer, signal)).refused;
  }

  health(timeoutMs: number, signal: AbortSignal): Promise<HostHealth> {
    return this.#http.call('GET', '/v1/health', { answer: hostHealth, timeoutMs, signal });
  }

  keepRehearsed(timers: Timers, signal: AbortSignal): Promise<void> {
    return keepRehearsed(this.#http, timers, signal);
  }

  events(signal: AbortSignal): AsyncGenerator<ServerEvent> {
    return this.#http.events('/v1/events', signal);
  }

  #post<A>(path: string, body: unknown, answer: z.ZodType<A>, signal: AbortSignal): Promise<A> {
    return this.#http.call('POST', path, { body, answer, timeoutMs: COMMAND_TIMEOUT_MS, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }
}

/** The sdn-app that is active. */
export class SdnClient implements AsyncDisposable {
  #http: HttpClient;

  constructor(url: string) {
    this.#http = new HttpClient(url);
  }

  get url(): string {
    return this.#http.url;
  }

  /** From now on another sdn-app is the active one; calls to the old one that are under way fail as if it were away. */
  async pointTo(url: string): Promise<void> {
    if (url === this.url) return;
    const old = this.#http;
    this.#http = new HttpClient(url);
    await old[Symbol.asyncDispose]();
  }

  /** Ends with the signal; follows the client to another sdn-app. */
  async keepRehearsed(timers: Timers, signal: AbortSignal): Promise<void> {
    await keepRehearsed({ call: (method, path, options) => this.#http.call(method, path, options) }, timers, signal);
  }

  /** What a vehicle may use by itself from now on; replaces what was there. */
  async arm(vehicle: string, body: ArmingRequest, signal: AbortSignal): Promise<VehicleFlows> {
    return this.#call('PUT', `/v1/vehicles/${vehicle}/arming`, body, signal);
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
    await this.#call('PUT', `/v1/vehicles/${vehicle}`, body, signal);
  }

  async redirect(vehicle: string, header: CommandHeader, host: HostRef, signal: AbortSignal): Promise<void> {
    await this.#call('PUT', `/v1/vehicles/${vehicle}/redirect`, { header, host }, signal);
  }

  async retire(vehicle: string, header: CommandHeader, host: HostRef, signal: AbortSignal): Promise<void> {
    const path = `/v1/vehicles/${vehicle}/retire`;
    await this.#http.call('POST', path, { body: { header, host }, timeoutMs: COMMAND_TIMEOUT_MS, signal });
  }

  async vehicles(signal: AbortSignal): Promise<VehicleFlows[]> {
    return (await this.#http.call('GET', '/v1/vehicles', { answer: vehicleFlowsList, signal })).vehicles;
  }

  async #call(method: 'PUT' | 'POST', path: string, body: unknown, signal: AbortSignal): Promise<VehicleFlows> {
    return this.#http.call(method, path, { body, answer: vehicleFlows, timeoutMs: COMMAND_TIMEOUT_MS, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http[Symbol.asyncDispose]();
  }
}
