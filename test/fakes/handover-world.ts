import assert from 'node:assert/strict';
import { step } from '../../md-manager/handover/machine.js';
import { recover } from '../../md-manager/handover/recover.js';
import type { Effect, HandoverEvent, VehicleState } from '../../md-manager/handover/state.js';
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
  | { readonly act: 'crash' };

interface Slot {
  epoch: number;
  acting: boolean;
  draining: boolean;
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
  owner: { epoch: number; handover: string; attempt: number; host: string };
  flow: { host: string; epoch: number };
  burnt: number;
  intents: string[];
  durable: VehicleState | undefined;
  pending: Effect[];
  ended: string[];
}

export class World {
  readonly all: Everything;

  constructor(state: VehicleState = idleState(), pool = ['edge-1/3', 'edge-2/2', 'edge-2/4']) {
    const host = state.twin.host.host;
    this.all = {
      state,
      now: 10_000,
      moves: 0,
      pool,
      held: [host],
      lost: {},
      slots: { [host]: { epoch: 0, acting: true, draining: false } },
      highest: {},
      owner: { epoch: 0, handover: 'registration', attempt: 0, host },
      flow: { host, epoch: 0 },
      burnt: 0,
      intents: [],
      durable: undefined,
      pending: [],
      ended: [],
    };
  }

  clone(): World {
    const copy = new World();
    const { lost, slots, highest, pending, pool, held, intents, ended } = this.all;
    Object.assign(copy.all, this.all, {
      ...{ lost: { ...lost }, slots: { ...slots }, highest: { ...highest } },
      ...{ pending: [...pending], pool: [...pool], held: [...held], intents: [...intents], ended: [...ended] },
    });
    return copy;
  }

  get state(): VehicleState {
    return this.all.state;
  }

  /** Two worlds with the same key go on in the same way. */
  key(): string {
    const { now: _, ...rest } = this.all;
    return JSON.stringify(rest);
  }

  /** What may happen next. */
  actions(): Action[] {
    const { pending, lost, slots } = this.all;
    const hosts = Object.keys(slots).filter(host => !(host in lost));
    return [
      ...['edge-1', 'edge-2'].map(domain => ({ act: 'move', domain }) as const),
      ...hosts.map(host => ({ act: 'lose', host, dead: host.endsWith('2') }) as const),
      ...Object.keys(lost).map(host => ({ act: 'lose', host, dead: true }) as const),
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
        return this.#crash();
    }
  }

  /** Lets everything that is under way come to its end. */
  finish(): void {
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
      for (const effect of effects) {
        this.#check(effect);
        if (effect.do === 'reserve') events.push(this.#reserve(effect));
        else if (effect.do === 'free') this.#free(effect.host);
        else if (effect.do === 'record') all.ended.push(`${effect.record.id} ${effect.record.result}`);
        else all.pending.push(effect);
      }
      if (next.type === 'released' && !namedHosts(after).includes(next.host)) this.#free(next.host);
    }
    this.checkSlots();
    const again = step(all.state, event, all.now)[0];
    if (!['tick', 'resumed', 'epochBurnt', 'orderFailed', 'hostReady'].includes(event.type))
      assert.deepEqual(again, all.state, `a repeated ${event.type} changes nothing`);
  }

  /** Slots held are those that the state names; lost hosts hold nothing any more. */
  checkSlots(): void {
    const alive = (hosts: string[]): string[] => hosts.filter(host => !(host in this.all.lost)).sort();
    assert.deepEqual(alive(this.all.held), alive(namedHosts(this.all.state)));
    const acting = Object.entries(this.all.slots).filter(([host, slot]) => slot.acting && this.#mayAct(host));
    assert.ok(acting.length <= 1, `${acting.map(([host]) => host).join(' and ')} act`);
  }

  #check(effect: Effect): void {
    if (!('header' in effect)) return;
    const { handover, attempt, epoch } = effect.header;
    const { intents } = this.all;
    if (effect.do === 'redirect')
      assert.ok(intents.includes(`${handover} ${attempt} ${epoch}`), 'the intent is durable before the redirect');
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
      // Commands to one slot keep their order: an older one never arrives after a newer one.
      if (effect.header.epoch < (all.highest[host] ?? 0)) return undefined;
      all.highest[host] = effect.header.epoch;
    }
    switch (effect.do) {
      case 'orderHost': {
        if (badly) return { type: 'orderFailed', domain: effect.domain };
        all.pool = [...all.pool, `${effect.domain}/${10 + all.pool.length}`];
        return { type: 'hostReady', domain: effect.domain };
      }
      case 'burnEpoch':
        return { type: 'epochBurnt', of, epoch: ++all.burnt };
      case 'putIntent': {
        if (!current) return undefined;
        all.durable = structuredClone(all.state);
        all.intents.push(`${of.handover} ${of.attempt} ${run.record.epoch}`);
        return { type: 'intentDurable', of };
      }
      case 'prepare':
        if (badly) return { type: 'prepareFailed', of };
        if (!current || !all.held.includes(host)) return undefined;
        all.slots[host] = { epoch: effect.header.epoch, acting: false, draining: false };
        return { type: 'prepared', of };
      case 'redirect':
        if (effect.header.epoch < all.flow.epoch) return { type: 'redirectStale', of };
        all.flow = { host, epoch: effect.header.epoch };
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

  /** The manager dies, and the next one finds what is durable. */
  #crash(): void {
    const { all } = this;
    const { owner, flow, slots, lost } = all;
    all.pending = [];
    // Rows of ended hand-overs are closed in groups; here they are at once, and an open one may be stale.
    const open = all.state.run?.intended ? all.durable : undefined;
    const at = attachmentIn(all.state.attachment?.domain ?? 'edge-1');
    const state = recover({
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
        highestEpoch: flow.epoch,
        waysOut: [],
        state: 'attached',
        armed: [],
        attachment: at,
      },
      slots: Object.entries(slots)
        .filter(([host]) => !(host in lost))
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
    });
    all.state = state;
    all.held = [...new Set([...namedHosts(state), ...Object.keys(slots)])].filter(host => !(host in lost));
    this.send({ type: 'resumed' });
    for (const host of namedHosts(state).filter(name => name in lost)) this.#lose(host, lost[host] === 0);
  }
}
