import { systemClock, systemTimers, type Clock, type Timers } from '../../common/clock.js';
import { secureRandom } from '../../protocol/coap/secure-random.js';
import type { Peer } from '../../protocol/coap/types.js';
import { inUrl } from '../../protocol/ipv6.js';
import { systemClockWatch } from '../clock/system-clock.js';
import { gpsOf } from '../gps/open-gps.js';
import { openLinkOf } from '../obd/open-link.js';
import { storedRegistration } from '../uplink/identity.js';
import { twinPeer } from '../uplink/twin-address.js';
import { agentProcesses, probeAgent } from './agent-probe.js';
import { probeCar } from './car-probe.js';
import { probeGps, type GpsLook } from './gps-probe.js';
import type { AgentSeen, CarSeen, ClockSeen, Observations, OutboxSeen, TwinSeen } from './observations.js';
import { probeOutbox } from './outbox-probe.js';
import { readFolder } from './read-folder.js';
import type { DoctorConfig } from './settings.js';
import { probeManagers, probeTwin } from './way-probe.js';

export interface ExamineDeps {
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: () => number;
  readonly processes?: typeof agentProcesses;
  /** Told what is being looked at: some of it takes seconds. */
  readonly onStep?: (what: string) => void;
}

/** A receiver that sees the sky says three times within some seconds where it is. */
const GPS_PATIENCE_MS = 8_000;
const ANY = '0.0.0.0';

/** Looks at everything that the settings name. An agent that runs is asked, and left to what it holds. Rejects with the signal's reason. */
export async function examine(config: DoctorConfig, deps: ExamineDeps, signal: AbortSignal): Promise<Observations> {
  const { clock = systemClock, timers = systemTimers, random = secureRandom, onStep = () => undefined } = deps;
  const world: World = { config, clock, timers, random };
  const { vehicle, 'manager.url': urls, 'http.listen': listen } = config;
  onStep('the agent');
  const agent = await probeAgent({ vehicle, listen, processes: deps.processes ?? agentProcesses }, signal);
  const outbox = await outboxSeen(world, agent);
  const name = vehicle ?? (outbox.at === 'seen' ? outbox.vehicle : undefined);
  onStep('the receiver and the network');
  const [{ gps, receiverAheadMs }, synchronised, manager, twin] = await Promise.all([
    gpsSeen(world, agent, signal),
    config['clock.system'] === 'trusted' ? true : systemClockWatch(clock)(),
    urls === undefined ? { at: 'none' as const } : probeManagers(urls, clock, signal),
    twinSeen(world, agent, signal),
  ]);
  onStep('the car');
  const car = await carSeen(world, agent, signal);
  const clockSeen: ClockSeen = {
    utcMs: clock.nowMs(),
    synchronised: synchronised && config['clock.system'] !== 'untrusted',
    ...(receiverAheadMs === undefined ? {} : { receiverAheadMs }),
    ...(agent.at === 'told' ? { agent: agent.status.clock } : {}),
  };
  const takenAt = new Date(clock.nowMs()).toISOString();
  const who = name === undefined ? {} : { vehicle: name };
  return { takenAt, ...who, agent, car, gps, clock: clockSeen, outbox, manager, twin };
}

interface World {
  readonly config: DoctorConfig;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
}

async function carSeen(world: World, agent: AgentSeen, signal: AbortSignal): Promise<CarSeen> {
  const { config, timers } = world;
  const openLink = openLinkOf(config, timers);
  if (agent.at === 'told' && agent.status.car !== undefined)
    return { at: 'seen', by: 'agent', car: agent.status.car, runningV: config['obd.runningV'] };
  if (openLink === undefined) return { at: 'none' };
  if (agent.at !== 'off') return { at: 'held' };
  return probeCar({ ...world, openLink, measureMs: config.measureMs }, signal);
}

/** gpsd answers whoever asks; a serial port has one reader. */
async function gpsSeen(world: World, agent: AgentSeen, signal: AbortSignal): Promise<GpsLook> {
  const { config, clock, timers } = world;
  const { gpsd, 'gps.serial': serial } = config;
  if (gpsd === undefined && serial === undefined) return { gps: { at: 'none' } };
  const where = gpsd === undefined ? (serial ?? '') : `gpsd at ${gpsd.address}:${gpsd.port}`;
  if (gpsd === undefined && agent.at === 'told' && agent.status.gps !== undefined)
    return { gps: { at: 'seen', by: 'agent', where, status: agent.status.gps } };
  if (gpsd === undefined && agent.at !== 'off') return { gps: { at: 'held' } };
  const source = await gpsOf({ ...config, 'gps.replay': undefined }, clock, timers);
  if (source === undefined) return { gps: { at: 'none' } };
  const rules = { plausibleSpeedKmh: config['gps.plausibleSpeedKmh'] * config['gps.plausibleSpeedFactor'] };
  return probeGps({ ...world, source, where, rules, patienceMs: GPS_PATIENCE_MS }, signal);
}

async function outboxSeen({ config, clock }: World, agent: AgentSeen): Promise<OutboxSeen> {
  const { state: folder, 'outbox.maxBytes': maxBytes } = config;
  if (folder === undefined) return { at: 'none' };
  const seen = await probeOutbox({ folder, maxBytes, nowMs: clock.nowMs() });
  if (agent.at !== 'told') return seen;
  // The agent knows of more than what is on the disk.
  const { vehicle, queue: pending, diskBytes: bytes, diskFailing: failing } = agent.status;
  if (seen.at === 'seen') return { ...seen, pending, failing };
  return { at: 'seen', folder, vehicle, pending, bytes, maxBytes, damagedBytes: 0, failing };
}

async function twinSeen(world: World, agent: AgentSeen, signal: AbortSignal): Promise<TwinSeen> {
  const { config, clock, timers } = world;
  if (agent.at === 'told') {
    const { twin, roundTripMs: rttMs, queue } = agent.status;
    if (twin === undefined) return { at: 'none' };
    if (rttMs !== undefined) return { at: 'answered', by: 'agent', address: twin, rttMs };
    if (queue === 0) return { at: 'held', address: twin };
    return { at: 'silent', by: 'agent', address: twin, say: 'it has acknowledged nothing yet' };
  }
  const twin = await keptTwin(config);
  if (twin === undefined) return { at: 'none' };
  if (agent.at === 'mute') return { at: 'held', address: `coap://${inUrl(twin.address)}:${twin.port}` };
  const { address, port } = config['uplink.bind'];
  const isSix = config['uplink.family'] === 'ipv6' && address === ANY;
  return probeTwin({ twin, bind: { address: isSix ? '::' : address, port }, clock, timers }, signal);
}

/** The twin address of the last registration; `undefined` where there is none, or it is not ours to read. */
async function keptTwin({ state, 'uplink.family': family }: DoctorConfig): Promise<Peer | undefined> {
  if (state === undefined) return undefined;
  const kept = await storedRegistration(readFolder(state)).catch(() => undefined);
  return kept === undefined ? undefined : twinPeer(kept, family);
}
