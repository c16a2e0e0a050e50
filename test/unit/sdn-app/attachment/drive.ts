import { DETECTORS, type Trust } from '../../../../sdn-app/attachment/detectors.js';
import {
  WAITING,
  step,
  type Effect,
  type Event,
  type Rules,
  type State,
} from '../../../../sdn-app/attachment/machine.js';
import type { TagKind } from '../../../../sdn-app/attachment/state.js';
import type { StandbySlot } from '../../../../protocol/api/sdn-app.js';
import type { Place } from '../../../../sdn-app/redirect/vehicle.js';

export const rulesFor = (trust: Trust): Rules => ({ trust, straggleMs: 50, dwellMs: 2_000, detectors: DETECTORS });
export const LAB = rulesFor('lab');
export const ACCESS = rulesFor('access');
export const PROOF = rulesFor('proof');

/** The car's own network interface, and that of its second router. */
export const CAR = 0x02_00_00_00_00_01;
export const ROUTER = 0x02_00_00_00_00_02;

export interface Where {
  readonly datapath?: number;
  readonly address?: string;
  readonly source?: number;
  readonly mac?: number | 'none';
}

export function at(port: number, { datapath = 1, address = '10.0.0.5', source = 5683, mac = CAR }: Where = {}): Place {
  return { datapath, port, source: { address, port: source }, ...(mac === 'none' ? {} : { mac }) };
}

/** Ports 1 to 9 are of edge-1, 11 to 19 of edge-2, and so on. */
export const domainOf = ({ port }: Place): string => `edge-${Math.floor(port / 10) + 1}`;

let ids = 0;
type CopyEvent = Extract<Event, { type: 'copy' }>;
export const copy = (place: Place, more: Partial<CopyEvent> = {}): CopyEvent => ({
  type: 'copy',
  place,
  domain: domainOf(place),
  tag: 'confirmed',
  authenticated: true,
  handover: `h${++ids}`,
  twinDomain: 'edge-1',
  ...more,
});
export const confirmed = (port: number, handover = `h${++ids}`, datapath = 1, tag: TagKind = 'unconfirmed'): Event => ({
  type: 'confirmed',
  datapath,
  port,
  tag,
  handover,
  twinDomain: 'edge-1',
});
export const applied = (handover: string): Event => ({ type: 'applied', handover });
export const portIs = (port: number, up: boolean, handover = `h${++ids}`): Event => ({
  type: 'port',
  datapath: 1,
  port,
  up,
  handover,
});
export const TICK: Event = { type: 'tick' };

export const slot = (domain: string, lease = `lease-${domain}`): StandbySlot => ({
  lease,
  domain,
  host: { host: `${domain}/1`, domain, address: '10.96.0.1', port: 5683, control: 'http://10.96.0.1:5684' },
});

export type Script = readonly (readonly [number, Event])[];

export function run(events: Script, rules = LAB, from: State = WAITING): { state: State; effects: Effect[] } {
  let state = from;
  const effects: Effect[] = [];
  for (const [nowMs, event] of events) {
    const [next, ...more] = step(state, event, nowMs, rules);
    state = next;
    effects.push(...more);
  }
  return { state, effects };
}

/** At a place for more than two seconds; nothing waits any more. */
export const restingAt = (place: Place, nowMs = 0): State =>
  run([
    [nowMs, copy(place, { handover: 'first' })],
    [nowMs, applied('first')],
    [nowMs + 2_000, TICK],
  ]).state;

/** What was done, without the wakes. */
export const kinds = (effects: readonly Effect[]): string[] =>
  effects.filter(effect => effect.do !== 'wake').map(effect => effect.do);
export const reports = (effects: readonly Effect[]): Extract<Effect, { do: 'report' }>[] =>
  effects.filter(effect => effect.do === 'report');

/** Another source of the vehicle's at port 2, which is not confirmed; a copy of its frames; a vehicle that was heard there. */
export const stranger = at(2, { source: 6000 });
export const unknown = (place = stranger): ReturnType<typeof copy> => copy(place, { tag: 'unconfirmed' });
export const asked = (): State => run([[5_000, unknown()]], ACCESS, restingAt(at(1))).state;
