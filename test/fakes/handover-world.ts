import assert from 'node:assert/strict';
import { step } from '../../md-manager/handover/machine.js';
import { catchUp, recover, type Facts } from '../../md-manager/handover/recover.js';
import type { Effect, HandoverEvent, Move, Of, Redirected, VehicleState } from '../../md-manager/handover/state.js';
import { DEFAULT_TIMING } from '../../md-manager/handover/state.js';
import { deadlineOf, namedHosts } from '../../md-manager/handover/work.js';
import type { Attachment, HostRef } from '../../protocol/api/common.js';
import type { Digest } from '../../protocol/api/vmd.js';

/** Hosts, switch and control store around one machine, as plain data: effects are performed when a test says so. */

const LEASE_MS = 6_000;

export const hostRef = (host: string): HostRef => ({
  host,
  domain: host.split('/')[0]!,
  address: `127.96.0.${host.split('/')[1]}`,
  port: 5683,
  control: `http://127.96.0.${host.split('/')[1]}:5684`,
});

export const attachmentIn = (domain: string, port = 1): Attachment => ({
  datapath: 1,
  port,
  domain,
  source: { address: '127.112.0.2', port: 5683 },
});

export const idleState = (host = 'edge-1/1'): VehicleState => ({
  vehicle: 'car-1',
  number: 7,
  term: 1,
  twin: { host: hostRef(host), epoch: 0, actingEpoch: 0, acts: true, health: { is: 'alive' } },
  attachment: attachmentIn(host.split('/')[0]!),
  highestEpoch: 0,
  leaving: [],
  seen: [],
});

export type Action =
  | { readonly act: 'move'; readonly domain: string }
  | { readonly act: 'lose'; readonly host: string; readonly dead: boolean }
  | { readonly act: 'tick' }
  | { readonly act: 'report' }
  | { readonly act: 'perform'; readonly index: number; readonly how: 'well' | 'badly' | 'unheard' }
  /** `written`: the ledger had time for what is written later than an intent. */
  | { readonly act: 'crash'; readonly written: boolean }
  /** The manager keeps a slot for sdn-app to use. */
  | { readonly act: 'lease'; readonly host: string; readonly way: 'armed' | 'ticket' }
  /** sdn-app redirects the flow there; the manager does not know yet. */
  | { readonly act: 'use'; readonly host: string }
  /** The oldest redirect that the manager has not heard of is told. */
  | { readonly act: 'tell' }
  /** A lease is over, although sdn-app may have used it. */
  | { readonly act: 'expire'; readonly host: string };

interface Slot {
  epoch: number;
  acting: boolean;
  draining: boolean;
}

interface Lease {
  readonly way: 'armed' | 'ticket';
  /** `offered`: sdn-app may use it; `ended`: it may not any more; `used`: the slot is the hand-over's. */
  readonly is: 'offered' | 'ended' | 'used';
}

interface Everything {
  state: VehicleState;
  now: number;
  moves: number;
  pool: string[];
  held: string[];
  /** Lost hosts: when their lease ends; dead ones at once. */
  lost: Record<string, number>;
  slots: Record<string, Slot>;
  highest: Record<string, number>;
  /** What hosts had heard from a manager that died: what they refuse of the next one by it is answered so. */
  heard: Record<string, number>;
  owner: { epoch: number; handover: string; attempt: number; host: string };
  flow: { host: string; epoch: number };
  /** The highest epoch that sdn-app has seen. */
  switchSeen: number;
  /** Where the device is. */
  place: string;
  leases: Record<string, Lease>;
  /** Redirects of sdn-app, `<host> <epoch>`. */
  used: string[];
  untold: Move[];
  burnt: number;
  intents: string[];
  durable: VehicleState | undefined;
  pending: Effect[];
  ended: string[];
  crashes: number;
}

const beginning = (state: VehicleState, pool: string[]): Everything => {
  const { host } = state.twin.host;
  return {
    state,
    now: 10_000,
    moves: 0,
    pool,
    held: [host],
    lost: {},
    slots: { [host]: { epoch: 0, acting: true, draining: false } },
    highest: {},
    heard: {},
    owner: { epoch: 0, handover: 'registration', attempt: 0, host },
    flow: { host, epoch: 0 },
    switchSeen: 0,
    place: host.split('/')[0]!,
    leases: {},
    used: [],
    untold: [],
    burnt: 0,
    intents: [],
    durable: undefined,
    pending: [],
    ended: [],
    crashes: 0,
  };
};

export class World {
  readonly all: Everything;

  constructor(state: VehicleState = idleState(), pool = ['edge-1/3', 'edge-2/2', 'edge-2/4'], all?: Everything) {
    this.all = all ?? beginning(state, pool);
  }

  /** What a world changes in place is its own; states, effects and moves are never changed and shared. */
  clone(): World {
    const { all } = this;
    const { state, lost, slots, highest, pending, pool, held, intents, ended, leases, used, untold } = all;
    return new World(state, pool, {
      ...all,
      ...{ leases: { ...leases }, used: [...used], untold: [...untold] },
      ...{ lost: { ...lost }, slots: { ...slots }, highest: { ...highest }, heard: { ...all.heard } },
      ...{ pending: [...pending], pool: [...pool], held: [...held], intents: [...intents], ended: [...ended] },
    });
  }

  get state(): VehicleState {
    return this.all.state;
  }

  /** Two worlds with the same key go on in the same way, whatever of `actions()` happens: none asks what only a crash does. */
  key(): string {
    const { ended: _, durable: __, ...rest } = this.all;
    return JSON.stringify(rest);
  }

  /** The same where the manager may die: what it has written decides how it goes on then. */
  wholeKey(): string {
    const { ended: _, ...rest } = this.all;
    return JSON.stringify(rest);
  }

  /** What may happen next. */
  actions(): Action[] {
    const { pending, lost, slots, leases, untold } = this.all;
    const hosts = Object.keys(slots).filter(host => !(host in lost));
    return [
      ...['edge-1', 'edge-2'].map(domain => ({ act: 'move', domain }) as const),
      ...hosts.map(host => ({ act: 'lose', host, dead: host.endsWith('2') }) as const),
      ...Object.keys(lost).map(host => ({ act: 'lose', host, dead: true }) as const),
      ...this.#leasable().map(host => ({ act: 'lease', host, way: host.endsWith('4') ? 'ticket' : 'armed' }) as const),
      ...this.usable().map(host => ({ act: 'use', host }) as const),
      ...Object.keys(leases).map(host => ({ act: 'expire', host }) as const),
      ...(untold.length > 0 ? [{ act: 'tell' } as const] : []),
      { act: 'tick' },
      { act: 'report' },
      ...pending.flatMap((effect, index) => [
        { act: 'perform', index, how: 'well' } as const,
        ...(['prepare', 'orderHost'].includes(effect.do) ? [{ act: 'perform', index, how: 'badly' } as const] : []),
      ]),
    ];
  }

  do(action: Action): void {
    const { all } = this;
    switch (action.act) {
      case 'move': {
        all.moves++;
        all.place = action.domain;
        const move = { id: `m${all.moves}`, to: attachmentIn(action.domain), first: false, phases: {} };
        return this.send({ type: 'attachmentChanged', move });
      }
      case 'lose':
        return this.#lose(action.host, action.dead);
      case 'tick':
        all.now = Math.max(all.now, deadlineOf(all.state, DEFAULT_TIMING) ?? all.now);
        this.send({ type: 'tick' });
        assert.ok((deadlineOf(all.state, DEFAULT_TIMING) ?? Infinity) > all.now, 'a tick ends what it was for');
        return;
      case 'report':
        return this.send({ type: 'firstReport', host: all.flow.host, epoch: all.flow.epoch });
      case 'perform': {
        const effect = all.pending[action.index];
        if (effect !== undefined) this.#perform(effect, action.how);
        return;
      }
      case 'crash':
        return this.#crash(action.written);
      case 'lease':
        return this.#lease(action.host, action.way);
      case 'use':
        return this.#use(action.host);
      case 'tell':
        return this.#tell();
      case 'expire':
        return this.#expire(action.host);
    }
  }

  /** Hosts that sdn-app may redirect the flow to by itself. */
  usable(): string[] {
    return Object.entries(this.all.leases).flatMap(([host, { is }]) => (is === 'offered' ? [host] : []));
  }

  /** Lets everything that is under way come to its end. */
  finish(): void {
    while (this.all.untold.length > 0) this.#tell();
    for (const [host, { is }] of Object.entries(this.all.leases)) if (is !== 'used') this.#expire(host);
    for (let turn = 0; turn < 600; turn++) {
      const effect = this.all.pending.shift();
      if (effect !== undefined) this.#perform(effect, 'well');
      else if (deadlineOf(this.state, DEFAULT_TIMING) !== undefined) this.do({ act: 'tick' });
      else return;
    }
    assert.fail(`never ends: ${JSON.stringify(this.all)}`);
  }

  send(event: HandoverEvent): void {
    const { all } = this;
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const before = all.state;
      const [after, ...effects] = step(before, next, all.now);
      all.state = after;
      assert.ok(after.highestEpoch >= before.highestEpoch, 'epochs rise');
      // As the pool's books are kept.
      for (const host of namedHosts(after)) if (!all.held.includes(host)) all.held.push(host);
      for (const effect of effects) {
        this.#check(effect);
        if (effect.do === 'reserve') events.push(this.#reserve(effect));
        else if (effect.do === 'free') this.#free(effect.host);
        else if (effect.do === 'record') all.ended.push(`${effect.record.id} ${effect.record.result}`);
        else all.pending.push(effect);
      }
      if (next.type === 'released' && !namedHosts(after).includes(next.host)) this.#free(next.host);
      this.#forgetLeases();
    }
    this.checkSlots();
    const again = step(all.state, event, all.now)[0];
    if (!['tick', 'resumed', 'epochBurnt', 'orderFailed', 'hostReady'].includes(event.type))
      assert.deepEqual(again, all.state, `a repeated ${event.type} changes nothing`);
  }

  /** Slots held are those that the state names; lost hosts hold nothing any more. */
  checkSlots(): void {
    const alive = (hosts: string[]): string[] => hosts.filter(host => !(host in this.all.lost)).sort();
    const kept = Object.entries(this.all.leases).flatMap(([host, { is }]) => (is === 'used' ? [] : [host]));
    assert.deepEqual(alive(this.all.held), alive([...new Set([...namedHosts(this.all.state), ...kept])]));
    const acting = Object.entries(this.all.slots).filter(([host, slot]) => slot.acting && this.#mayAct(host));
    assert.ok(acting.length <= 1, `${acting.map(([host]) => host).join(' and ')} act`);
  }

  #check(effect: Effect): void {
    if (!('header' in effect)) return;
    const { handover, attempt, epoch } = effect.header;
    const { intents } = this.all;
    if (effect.do === 'redirect')
      assert.ok(
        intents.includes(`${handover} ${attempt} ${epoch}`) || this.all.used.includes(`${effect.host.host} ${epoch}`),
        'the intent is durable before the redirect',
      );
    if (effect.do === 'prepare') assert.ok(epoch > this.all.owner.epoch, 'every attempt has a new epoch');
  }

  #mayAct(host: string): boolean {
    const until = this.all.lost[host];
    return until === undefined || until > this.all.now;
  }

  #reserve(effect: Effect & { do: 'reserve' }): HandoverEvent {
    const { pool, held, lost } = this.all;
    const ready = pool.filter(host => !held.includes(host) && !(host in lost) && !effect.avoid.includes(host));
    const domainOf = (host: string): string => host.split('/')[0]!;
    const found =
      ready.find(host => effect.domains.includes(domainOf(host))) ?? (effect.anywhere ? ready[0] : undefined);
    if (found === undefined) return { type: 'poolEmpty', of: effect.of };
    held.push(found);
    return { type: 'slotReserved', of: effect.of, host: hostRef(found) };
  }

  #free(host: string): void {
    this.all.held = this.all.held.filter(other => other !== host);
    delete this.all.slots[host];
  }

  #lose(host: string, dead: boolean): void {
    const { all } = this;
    const leaseUntilMs = all.now + LEASE_MS;
    all.lost[host] = dead ? 0 : Math.min(all.lost[host] ?? leaseUntilMs, leaseUntilMs);
    this.send({ type: 'hostLost', host, dead, leaseUntilMs, id: `lost ${host}` });
  }

  #perform(effect: Effect, how: 'well' | 'badly' | 'unheard'): void {
    const answer = this.#world(effect, how === 'badly');
    if (how !== 'unheard' && answer !== undefined) this.send(answer);
    // A repeated order to a slot that drains is followed by its end.
    if (effect.do === 'drain' && how !== 'unheard' && answer?.type === 'stoodDown')
      this.send({ type: 'drained', host: effect.host.host });
  }

  #world(effect: Effect, badly: boolean): HandoverEvent | undefined {
    const { all } = this;
    const host = 'host' in effect && typeof effect.host !== 'string' ? effect.host.host : '';
    const of =
      'of' in effect
        ? effect.of
        : 'header' in effect
          ? { handover: effect.header.handover, attempt: effect.header.attempt }
          : { handover: '', attempt: 0 };
    const { run } = all.state;
    const current = run?.record.id === of.handover && run.record.attempt === of.attempt;
    if ('header' in effect && ['prepare', 'activate', 'drain', 'release'].includes(effect.do)) {
      if (host in all.lost) return undefined;
      const highest = all.highest[host] ?? 0;
      if (effect.header.epoch < highest) {
        // Commands of one manager to one slot keep their order: an older one never arrives after a newer one.
        return highest === all.heard[host] ? refusal(effect.do, host, of) : undefined;
      }
      all.highest[host] = effect.header.epoch;
    }
    switch (effect.do) {
      case 'orderHost': {
        if (badly) return { type: 'orderFailed', domain: effect.domain };
        all.pool = [...all.pool, `${effect.domain}/${10 + all.pool.length}`];
        return { type: 'hostReady', domain: effect.domain };
      }
      case 'burnEpoch':
        all.burnt = Math.max(all.burnt, all.owner.epoch, effect.above) + 1;
        return { type: 'epochBurnt', of, epoch: all.burnt };
      case 'putIntent': {
        if (!current) return undefined;
        all.durable = structuredClone(all.state);
        all.intents.push(`${of.handover} ${of.attempt} ${run.record.epoch}`);
        return { type: 'intentDurable', of };
      }
      case 'prepare':
        if (badly) return { type: 'prepareFailed', of };
        if (!current || !all.held.includes(host)) return undefined;
        if (all.slots[host]?.epoch === effect.header.epoch) return { type: 'prepared', of };
        all.slots[host] = { epoch: effect.header.epoch, acting: false, draining: false };
        return { type: 'prepared', of };
      case 'redirect':
        if (effect.header.epoch < all.switchSeen) return { type: 'redirectStale', of };
        // One epoch has one host.
        if (effect.header.epoch === all.flow.epoch && host !== all.flow.host) return { type: 'redirectStale', of };
        all.flow = { host, epoch: effect.header.epoch };
        all.switchSeen = Math.max(all.switchSeen, effect.header.epoch);
        return { type: 'redirected', of };
      case 'claim':
        if (effect.header.epoch <= all.owner.epoch) return { type: 'claimed', of, outcome: 'refused' };
        all.owner = { epoch: effect.header.epoch, ...of, host };
        return { type: 'claimed', of, outcome: 'applied' };
      case 'readOwner':
        return { type: 'ownerRead', of, owner: all.owner };
      case 'activate': {
        if (!current) return undefined;
        const others = Object.entries(all.slots).filter(([name, slot]) => name !== host && slot.acting);
        for (const [name] of others) assert.ok(!this.#mayAct(name), `${name} and ${host} act`);
        all.slots[host] = { epoch: effect.header.epoch, acting: true, draining: false };
        return { type: 'activated', of };
      }
      case 'drain': {
        const slot = all.slots[host];
        if (slot === undefined) return { type: 'drained', host };
        all.slots[host] = { ...slot, acting: false, draining: true };
        return { type: 'stoodDown', host, digest: {} as Digest };
      }
      case 'retire': {
        if (all.flow.host === host && all.used.includes(`${host} ${all.flow.epoch}`))
          return { type: 'retireStale', host };
        // A copy that comes late, after the flow went back there: sdn-app does not take the way out of the host that serves.
        if (all.flow.host === host && effect.header.epoch < all.flow.epoch) return undefined;
        all.switchSeen = Math.max(all.switchSeen, effect.header.epoch);
        assert.notEqual(all.flow.host, host, 'the switch still sends to a host whose way out is taken');
        return { type: 'retired', host };
      }
      case 'release': {
        if (!all.state.leaving.some(item => item.host.host === host)) return undefined;
        assert.ok(!all.slots[host]?.acting, 'a slot that acts is not released');
        return { type: 'released', host };
      }
      case 'reserve':
      case 'free':
      case 'record':
        return undefined;
    }
  }

  #leasable(): string[] {
    const { pool, held, lost, state } = this.all;
    if (state.run !== undefined) return [];
    const other = (host: string): boolean => host.split('/')[0] !== state.twin.host.domain;
    return pool.filter(host => other(host) && !held.includes(host) && !(host in lost)).slice(0, 2);
  }

  #lease(host: string, way: 'armed' | 'ticket'): void {
    const { all } = this;
    if (!this.#leasable().includes(host)) return;
    all.held.push(host);
    all.leases[host] = { way, is: 'offered' };
    const epoch = all.state.highestEpoch;
    if (way === 'ticket') return;
    assert.ok(epoch >= (all.highest[host] ?? 0), 'a lease is prepared with the highest epoch seen');
    all.slots[host] = { epoch, acting: false, draining: false };
  }

  #use(host: string): void {
    const { all } = this;
    const lease = all.leases[host];
    if (lease?.is !== 'offered') return;
    for (const [name, other] of Object.entries(all.leases))
      if (other.is === 'offered') all.leases[name] = { ...other, is: 'ended' };
    all.moves++;
    all.flow = { host, epoch: ++all.switchSeen };
    all.place = host.split('/')[0]!;
    all.used.push(`${host} ${all.flow.epoch}`);
    const redirected = { host: hostRef(host), epoch: all.flow.epoch, atMs: all.now, ...this.#slotAt(host) };
    all.untold.push({ id: `r${all.moves}`, to: attachmentIn(all.place), first: false, phases: {}, redirected });
  }

  #tell(): void {
    const { all } = this;
    const move = all.untold.shift();
    if (move?.redirected === undefined) return;
    const redirected = { ...move.redirected, ...this.#slotAt(move.redirected.host.host) };
    if (redirected.held) this.#handOver(redirected.host.host);
    this.send({ type: 'attachmentChanged', move: { ...move, redirected } });
  }

  #slotAt(host: string): Pick<Redirected, 'way' | 'held' | 'health'> {
    const { leases, lost } = this.all;
    const lease = leases[host];
    const until = lost[host];
    if (until === undefined)
      return { way: lease?.way ?? 'armed', held: lease !== undefined && lease.is !== 'used', health: { is: 'alive' } };
    const health = until === 0 ? ({ is: 'dead' } as const) : ({ is: 'lost', leaseUntilMs: until } as const);
    return { way: lease?.way ?? 'armed', held: false, health };
  }

  #handOver(host: string): void {
    const lease = this.all.leases[host];
    if (lease !== undefined) this.all.leases[host] = { ...lease, is: 'used' };
  }

  #expire(host: string): void {
    const lease = this.all.leases[host];
    if (lease === undefined || lease.is === 'used') return;
    delete this.all.leases[host];
    if (!namedHosts(this.all.state).includes(host)) this.#free(host);
  }

  /** The record of a used lease goes once the hand-over has no need of it. */
  #forgetLeases(): void {
    const { leases, state, owner } = this.all;
    for (const [host, { is }] of Object.entries(leases))
      if (is === 'used' && (owner.host === host || !namedHosts(state).includes(host))) delete leases[host];
  }

  /** The manager dies, and the next one finds what is durable. */
  #crash(written: boolean): void {
    const { all } = this;
    const { owner, flow, slots, lost } = all;
    all.crashes++;
    all.pending = [];
    all.heard = { ...all.highest };
    // Rows of ended hand-overs are closed in groups; here they are at once, and an open one may be stale.
    const kept = written ? all.state : all.durable;
    const open = all.state.run?.intended && kept?.run?.record.id === all.state.run.record.id ? kept : undefined;
    const at = attachmentIn(all.place);
    const named = open === undefined ? [] : namedHosts(open);
    // A row that tells of an epoch is its intent, whenever it was written.
    if (open?.run !== undefined)
      all.intents.push(`${open.run.record.id} ${open.run.record.attempt} ${open.run.record.epoch}`);
    const facts = {
      vehicle: 'car-1',
      number: 7,
      term: 1,
      owner: { vehicle: 'car-1', ...owner, domain: owner.host.split('/')[0]!, claimedAtMs: 0 },
      ownerHost: hostRef(owner.host),
      highestEpoch: all.burnt,
      ...(open === undefined ? {} : { open }),
      flows: {
        vehicle: 'car-1',
        number: 7,
        host: hostRef(flow.host),
        highestEpoch: all.switchSeen,
        waysOut: [],
        state: 'attached',
        armed: [],
        attachment: at,
      },
      slots: Object.entries(slots)
        .filter(([host]) => !(host in lost) && (named.includes(host) || !(host in all.leases)))
        .map(([host, slot], index) => ({
          host: hostRef(host),
          slot: {
            slot: index,
            state: slot.acting ? 'assigned' : slot.draining ? 'draining' : 'reserved',
            vehicle: 'car-1',
            highestEpoch: slot.epoch,
            ...(slot.acting ? { actingEpoch: slot.epoch } : {}),
          },
        })),
      seen: [],
    } satisfies Facts;
    const state = recover(facts);
    all.state = state;
    for (const [host, lease] of Object.entries(all.leases))
      all.leases[host] = { ...lease, is: namedHosts(state).includes(host) ? 'used' : 'ended' };
    const held = [...namedHosts(state), ...Object.keys(slots), ...Object.keys(all.leases)];
    all.held = [...new Set(held)].filter(host => !(host in lost));
    this.send({ type: 'resumed' });
    for (const host of namedHosts(state).filter(name => name in lost)) this.#lose(host, lost[host] === 0);
    const flows = { ...facts.flows, host: hostRef(all.flow.host), highestEpoch: all.switchSeen };
    const move = catchUp(all.state, flows, host => this.#slotAt(host.host), { id: `c${++all.moves}`, atMs: all.now });
    if (move?.redirected?.held) this.#handOver(move.redirected.host.host);
    if (move !== undefined) this.send({ type: 'attachmentChanged', move });
  }
}

/** What a refused command comes back as (md-manager/handover/effects.ts). */
function refusal(what: string, host: string, of: Of): HandoverEvent {
  if (what === 'prepare') return { type: 'prepareFailed', of };
  if (what === 'activate') return { type: 'activateRefused', of };
  return what === 'drain' ? { type: 'drained', host } : { type: 'released', host };
}

/** What is under way. */
export const effects = (world: World): string[] => world.all.pending.map(effect => effect.do);
/** Ends the newest effect of this kind. */
export const perform = (world: World, what: string, how: 'well' | 'badly' | 'unheard' = 'well'): void => {
  const index = world.all.pending.findLastIndex(effect => effect.do === what);
  assert.notEqual(index, -1, `${what} is under way; there are ${effects(world).join(', ')}`);
  world.do({ act: 'perform', index, how });
};
/** A move to edge-2, after these effects have ended. */
export const after = (...names: string[]): World => {
  const world = new World();
  world.do({ act: 'move', domain: 'edge-2' });
  for (const name of names) perform(world, name);
  return world;
};

/** The effects of a hand-over from beginning to end. */
export const PATH = ['burnEpoch', 'putIntent', 'prepare', 'redirect', 'claim', 'drain', 'activate'];
