import assert from 'node:assert/strict';
import { step } from '../../md-manager/handover/machine.js';
import { catchUp, recover } from '../../md-manager/handover/recover.js';
import type { Effect, HandoverEvent, VehicleState } from '../../md-manager/handover/state.js';
import { DEFAULT_TIMING } from '../../md-manager/handover/state.js';
import { deadlineOf, namedHosts } from '../../md-manager/handover/work.js';
import { answerOf } from './handover-answers.js';
import { factsOf } from './handover-facts.js';
import { forgetUsed, handOver, leasable, nextTold, offer, slotAt, use } from './handover-leases.js';
import { beginning, mayAct, type Everything } from './handover-state.js';
import { attachmentIn, hostRef } from './host-refs.js';

/** Hosts, switch and control store around one machine, as plain data: effects are performed when a test says so. */

const LEASE_MS = 6_000;

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
  /** An operator, or the drain of its host, has the twin go there. */
  | { readonly act: 'order'; readonly kind: 'ordered' | 'drain'; readonly domain: string }
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
    const { all } = this;
    const { pending, lost, slots, leases, untold } = all;
    const hosts = Object.keys(slots).filter(host => !(host in lost));
    return [
      ...['edge-1', 'edge-2'].map(domain => ({ act: 'move', domain }) as const),
      ...hosts.map(host => ({ act: 'lose', host, dead: host.endsWith('2') }) as const),
      ...Object.keys(lost).map(host => ({ act: 'lose', host, dead: true }) as const),
      ...leasable(all).map(host => ({ act: 'lease', host, way: host.endsWith('4') ? 'ticket' : 'armed' }) as const),
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
      case 'order': {
        const { kind, domain } = action;
        return this.send({ type: 'ordered', id: `o${++all.moves}`, kind, domains: [domain] });
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
        return offer(all, action.host, action.way);
      case 'use':
        return use(all, action.host);
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
      forgetUsed(all);
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
    const acting = Object.entries(this.all.slots).filter(([host, slot]) => slot.acting && mayAct(this.all, host));
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
    const answer = answerOf(this.all, effect, how === 'badly');
    if (how !== 'unheard' && answer !== undefined) this.send(answer);
    // A repeated order to a slot that drains is followed by its end.
    if (effect.do === 'drain' && how !== 'unheard' && answer?.type === 'stoodDown')
      this.send({ type: 'drained', host: effect.host.host });
  }

  #tell(): void {
    const move = nextTold(this.all);
    if (move !== undefined) this.send({ type: 'attachmentChanged', move });
  }

  #expire(host: string): void {
    const lease = this.all.leases[host];
    if (lease === undefined || lease.is === 'used') return;
    delete this.all.leases[host];
    if (!namedHosts(this.all.state).includes(host)) this.#free(host);
  }

  /** The manager dies, and the next one finds what is durable. */
  #crash(written: boolean): void {
    const { all } = this;
    all.crashes++;
    all.pending = [];
    all.heard = { ...all.highest };
    // Rows of ended hand-overs are closed in groups; here they are at once, and an open one may be stale.
    const kept = written ? all.state : all.durable;
    const open = all.state.run?.intended && kept?.run?.record.id === all.state.run.record.id ? kept : undefined;
    // A row that tells of an epoch is its intent, whenever it was written.
    if (open?.run !== undefined)
      all.intents.push(`${open.run.record.id} ${open.run.record.attempt} ${open.run.record.epoch}`);
    const facts = factsOf(all, open);
    const state = recover(facts);
    all.state = state;
    for (const [host, lease] of Object.entries(all.leases))
      all.leases[host] = { ...lease, is: namedHosts(state).includes(host) ? 'used' : 'ended' };
    const held = [...namedHosts(state), ...Object.keys(all.slots), ...Object.keys(all.leases)];
    all.held = [...new Set(held)].filter(host => !(host in all.lost));
    this.send({ type: 'resumed' });
    for (const host of namedHosts(state).filter(name => name in all.lost)) this.#lose(host, all.lost[host] === 0);
    const flows = { ...facts.flows, host: hostRef(all.flow.host), highestEpoch: all.switchSeen };
    const move = catchUp(all.state, flows, host => slotAt(all, host.host), { id: `c${++all.moves}`, atMs: all.now });
    if (move?.redirected?.held) handOver(all, move.redirected.host.host);
    if (move !== undefined) this.send({ type: 'attachmentChanged', move });
  }
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
