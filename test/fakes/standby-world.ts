import assert from 'node:assert/strict';
import { silentLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { Standby, type StandbyOptions } from '../../md-manager/arming/standby.js';
import type { StandbyPool } from '../../md-manager/arming/slots.js';
import type { VehicleState } from '../../md-manager/handover/state.js';
import { HeldSlots, type HeldSlot } from '../../md-manager/pool/held-slots.js';
import * as slots from '../../md-manager/pool/pool-state.js';
import type { HostRef } from '../../protocol/api/common.js';
import type { ArmingRequest, StandbySlot, TicketsRequest, VehicleFlows } from '../../protocol/api/sdn-app.js';
import { fault } from '../../protocol/errors.js';
import { METRICS } from '../../protocol/metrics.js';
import { parseTopology } from '../../protocol/topology.js';
import type { StandbyRow } from '../../store/types.js';
import { fakeClock } from './fake-clock.js';
import { sized } from './pool-size.js';
import { idleState } from './handover-world.js';
import { attachmentIn, hostRef } from './host-refs.js';

export const DOMAINS = ['edge-1', 'edge-2', 'edge-3'];
const TOPOLOGY = parseTopology({
  domains: DOMAINS,
  switches: [
    {
      datapath: 1,
      ports: DOMAINS.map((domain, n) => ({ port: n + 1, role: 'access', domain, accessPoint: `ap-${n + 1}` })),
    },
  ],
  accessPoints: [],
});
const SLOTS = 2;
/** How long a write takes. */
const WRITE_MS = 20;

/** What becomes of a request to sdn-app: its answer comes, is lost, or the request never arrives. */
export type Wire = 'well' | 'answer lost' | 'request lost';

/** A pool, hosts, an sdn-app and vehicles around the keeper of standby slots, on a clock that stands still. */
export class StandbyWorld {
  readonly clock = fakeClock();
  readonly states = new Map<string, VehicleState>();
  readonly rows = new Map<string, StandbyRow>();
  readonly arming = new Map<string, ArmingRequest & { untilMs: number }>();
  readonly metrics = new Metrics(METRICS);
  /** What the pool was told: slots that hand-overs have used, and how many are foreseen to be needed. */
  readonly used: string[] = [];
  expected: ReadonlyMap<string, number> = new Map();
  tickets: { list: readonly StandbySlot[]; untilMs: number } = { list: [], untilMs: 0 };
  wire: Wire = 'well';
  pool: slots.PoolState = new Map();
  standby: Standby;
  readonly #options: StandbyOptions;
  readonly #used = new Set<string>();
  /** Host → vehicle → lease that it is kept under. */
  readonly #atHosts = new Map<string, Map<string, string>>();
  readonly #flows = new Map<string, HostRef>();
  /** What may never be, seen where a throw would be taken for a failed request. */
  readonly #broken: string[] = [];
  #stop = new AbortController();
  #ids = 0;

  constructor(options: Partial<StandbyOptions> = {}) {
    this.#options = {
      ...{ topology: TOPOLOGY, budget: 100, ticketsPerDomain: 0, reserve: 1, leaseMs: 30_000, dwellMs: 2_000 },
      by: 'neighbours',
      ...options,
    };
    for (const domain of DOMAINS) for (const n of [1, 2]) this.addHost(`${domain}/${n}`);
    this.standby = this.#open();
  }

  addHost(name: string): void {
    const host = { ref: hostRef(name), pid: 1, slots: SLOTS, state: 'ready', held: HeldSlots.none } as const;
    this.pool = slots.putHost(this.pool, host);
    this.#atHosts.set(name, new Map());
  }

  /** The twin of a vehicle rests in a domain, on a host that is no part of the pool. */
  rest(vehicle: string, domain: string): void {
    this.#twinAt(vehicle, `${domain}/9`);
  }

  busy(vehicle: string): void {
    const state = this.states.get(vehicle);
    if (state === undefined) return;
    const record = {
      id: 'h',
      vehicle,
      kind: 'move',
      result: 'running',
      toDomain: 'x',
      attempt: 1,
      phases: {},
    } as const;
    const run = { domains: [], avoid: [], intended: false, redirectSent: false, reported: false } as const;
    this.#set({ ...state, run: { ...run, record: { ...record, startedAtMs: 0 }, stage: { at: 'reserving' } } });
  }

  lose(name: string): void {
    this.pool = slots.removeHost(this.pool, name);
    this.#atHosts.delete(name);
    this.standby.hostLost(name);
    this.addHost(`${name.split('/')[0]}/${10 + ++this.#ids}`);
  }

  /** What sdn-app may use now for a vehicle. */
  usable(vehicle: string): StandbySlot[] {
    const nowMs = this.clock.monotonicMs();
    const mine = this.arming.get(vehicle);
    if (mine === undefined || mine.untilMs <= nowMs) return [];
    const tickets = this.tickets.untilMs > nowMs && mine.tickets ? this.tickets.list : [];
    const here = this.#flows.get(vehicle)?.domain;
    const all = [...mine.slots, ...tickets.filter(({ lease }) => !this.#used.has(lease))];
    return all.filter(({ domain }) => domain !== here);
  }

  /** sdn-app sends the flow there and says so at once. */
  use(vehicle: string, slot: StandbySlot): void {
    this.send(vehicle, slot);
    this.tell(vehicle, slot);
  }

  /** sdn-app sends the flow there. */
  send(vehicle: string, slot: StandbySlot): void {
    this.arming.delete(vehicle);
    this.#used.add(slot.lease);
    this.#flows.set(vehicle, slot.host);
  }

  /** It says so: whatever it may use must be there for it. */
  tell(vehicle: string, slot: StandbySlot): void {
    const { held, way } = this.standby.take(vehicle, 'h', slot);
    if (!this.pool.has(slot.host.host)) {
      assert.equal(held, false, 'a lost host has no slot');
      return this.rest(vehicle, slot.domain);
    }
    assert.ok(held, `the ${way} slot ${slot.lease} that sdn-app may use is kept for ${vehicle}`);
    const holder = this.pool.get(slot.host.host)!.held.get(vehicle);
    assert.ok(holder !== undefined, 'the pool knows whose it is');
    this.#twinAt(vehicle, slot.host.host);
  }

  /** The manager dies, and the next one finds the rows. */
  restart(): void {
    this.#stop.abort();
    void this.standby[Symbol.asyncDispose]();
    this.#stop = new AbortController();
    for (const host of this.pool.values()) this.pool = slots.putHost(this.pool, { ...host, held: HeldSlots.none });
    this.standby = this.#open();
    const states = [...this.states.values()];
    for (const { vehicle, twin } of states) this.#mark(twin.host.host, vehicle);
    const healths = new Map(
      [...this.#atHosts].map(([host, held]) => [
        host,
        {
          ...{ host: hostRef(host), pid: 1, startTicks: 1, stalledMs: 0 },
          slots: [...held].map(([vehicle, lease], slot) => {
            return { slot, state: 'reserved' as const, vehicle, handover: lease, highestEpoch: 0 };
          }),
        },
      ]),
    );
    this.standby.load([...this.rows.values()], healths, states, hostRef);
    for (const state of states) this.standby.onChange(state);
  }

  check(): void {
    assert.deepEqual(this.#broken, []);
    for (const { held, slots: count, ref } of this.pool.values()) {
      assert.ok(held.size <= count, `${ref.host} has no more slots than it has`);
      assert.equal(new Set([...held.values()].map(({ slot }) => slot)).size, held.size, 'each slot is held once');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.check();
    this.#stop.abort();
    await this.standby[Symbol.asyncDispose]();
  }

  #twinAt(vehicle: string, host: string): void {
    const before = this.states.get(vehicle)?.twin.host.host;
    const domain = host.split('/')[0]!;
    this.#mark(host, vehicle);
    this.#flows.set(vehicle, hostRef(host));
    const attachment = attachmentIn(domain, DOMAINS.indexOf(domain) + 1);
    this.#set({ ...idleState(host), vehicle, attachment, lastStartedAtMs: this.clock.stampMs() });
    if (before !== undefined && before !== host) this.pool = slots.free(this.pool, before, vehicle);
    this.#atHosts.get(host)?.delete(vehicle);
  }

  #mark(host: string, vehicle: string): void {
    this.pool = slots.mark(this.pool, host, vehicle, 'assigned', 'h');
  }

  #set(state: VehicleState): void {
    this.states.set(state.vehicle, state);
    this.standby.onChange(state);
  }

  #open(): Standby {
    const { clock, metrics } = this;
    const { signal } = this.#stop;
    const sizes = new Map(DOMAINS.map(domain => [domain, sized(1)]));
    const pool = {
      reserve: (wish: slots.Wish) => {
        const found = slots.reserve(this.pool, wish, sizes);
        if (found !== undefined) this.pool = found.pool;
        return found?.host;
      },
      mark: (host: string, holder: string, state: HeldSlot['state'], lease: string) =>
        void (this.pool = slots.mark(this.pool, host, holder, state, lease)),
      free: (host: string, holder: string) => void (this.pool = slots.free(this.pool, host, holder)),
      passOn: (host: string, from: string, to: string, id: string) =>
        void (this.pool = slots.passOn(this.pool, host, from, to, id)),
      used: (host: string, way: string) => void this.used.push(`${way} ${host}`),
      expect: (expected: ReadonlyMap<string, number>) => void (this.expected = expected),
      hasRoom: (host: string) => (this.pool.get(host)?.held.size ?? SLOTS) < SLOTS,
      rooms: () => new Map(DOMAINS.map(domain => [domain, { ready: slots.readySlots(this.pool, domain), reserve: 1 }])),
      link: (host: string) => (this.pool.has(host) ? { signal, client: this.#client(host) } : undefined),
    } as unknown as StandbyPool;
    const standby = new Standby(this.#options, {
      ...{ pool, clock, timers: clock, metrics, signal, log: silentLog, term: 1, random: () => 0.5 },
      store: {
        writeStandbys: async (put, ended) => {
          await new Promise<void>(done => clock.after(WRITE_MS, done));
          if (signal.aborted) return;
          for (const row of put) this.rows.set(row.lease, row);
          for (const lease of ended) this.rows.delete(lease);
        },
      },
      sdn: {
        arm: (vehicle, body) => this.#say(() => this.#arm(vehicle, body)),
        giveTickets: body => this.#say(() => this.#give(body)),
      },
      state: vehicle => this.states.get(vehicle),
      newId: () => `lease-${++this.#ids}`,
    });
    standby.start();
    return standby;
  }

  #client(host: string): object {
    return {
      prepare: (vehicle: string, { lease }: { lease: string }) => {
        const held = this.#atHosts.get(host);
        const before = held?.get(vehicle);
        // One that died with its manager before its row was on disk is a stray, given back by the recovery.
        if (before !== undefined && this.rows.has(before))
          this.#broken.push(`${host} was told to keep a second slot for ${vehicle}`);
        held?.set(vehicle, lease);
        return Promise.resolve();
      },
      release: (vehicle: string) => {
        this.#atHosts.get(host)?.delete(vehicle);
        return Promise.resolve();
      },
    };
  }

  #arm(vehicle: string, body: ArmingRequest): VehicleFlows {
    for (const { lease } of body.slots) this.#checkRow(lease, body.leaseMs);
    this.arming.set(vehicle, { ...body, untilMs: this.clock.monotonicMs() + body.leaseMs });
    const host = this.#flows.get(vehicle)!;
    return { ...{ vehicle, number: 1, host, highestEpoch: 0, waysOut: [], state: 'attached', armed: [] } };
  }

  #give({ tickets, leaseMs }: TicketsRequest): void {
    for (const { lease } of tickets) this.#checkRow(lease, leaseMs);
    for (const lease of this.#used) if (!tickets.some(ticket => ticket.lease === lease)) this.#used.delete(lease);
    this.tickets = { list: tickets, untilMs: this.clock.monotonicMs() + leaseMs };
  }

  #checkRow(lease: string, leaseMs: number): void {
    const row = this.rows.get(lease);
    if (row === undefined) this.#broken.push(`sdn-app heard of ${lease} before it was on disk`);
    else if (row.untilMs < this.clock.nowMs() + leaseMs)
      this.#broken.push(`sdn-app may use ${lease} for longer than its row says`);
  }

  #say<A>(what: () => A): Promise<A> {
    const away = fault('DEADLINE', 'by the test');
    if (this.wire === 'request lost') return Promise.reject(away);
    const answer = what();
    return this.wire === 'answer lost' ? Promise.reject(away) : Promise.resolve(answer);
  }
}
