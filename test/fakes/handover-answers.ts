import assert from 'node:assert/strict';
import type { Effect, HandoverEvent, Of } from '../../md-manager/handover/state.js';
import type { Digest } from '../../protocol/api/vmd.js';
import { mayAct, type Everything } from './handover-state.js';

/** What hosts, switch and control store make of an effect, and answer; `undefined` where nobody does. */
export function answerOf(all: Everything, effect: Effect, badly: boolean): HandoverEvent | undefined {
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
      for (const [name] of others) assert.ok(!mayAct(all, name), `${name} and ${host} act`);
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

/** What a refused command comes back as (md-manager/handover/effects.ts). */
function refusal(what: string, host: string, of: Of): HandoverEvent {
  if (what === 'prepare') return { type: 'prepareFailed', of };
  if (what === 'activate') return { type: 'activateRefused', of };
  return what === 'drain' ? { type: 'drained', host } : { type: 'released', host };
}
