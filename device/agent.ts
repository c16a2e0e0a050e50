import { every } from '../common/clock.js';
import { codeOf, messageOf } from '../common/errors.js';
import { Resources } from '../common/lifecycle.js';
import type { Registration } from '../protocol/api/md-manager.js';
import { proofOf } from '../protocol/proof.js';
import { inUrl } from '../protocol/ipv6.js';
import { encodeClock, META, type ReportId } from '../protocol/report.js';
import { encodeReported } from '../protocol/settings.js';
import type { AgentDeps, AgentHooks, AgentStatus } from './agent-deps.js';
import { agentStatus, tellOutbox } from './agent-status.js';
import type { DeviceConfig } from './config.js';
import { LastTime, readLastTime } from './clock/last-time.js';
import { TimeBase } from './clock/time-base.js';
import { TimeKeeper } from './clock/time-keeper.js';
import { GpsLoop } from './gps/gps-loop.js';
import { ReportBeat } from './report-beat.js';
import { carOfConfig } from './sampling/car-of-config.js';
import { fuelOf } from './sampling/fuel-settings.js';
import { ReportBuilder } from './sampling/report-builder.js';
import type { Reading } from './sampling/reading.js';
import { withStatus } from './status-resource.js';
import { putInForce } from './settings/put-in-force.js';
import { RemoteSettings } from './settings/remote-settings.js';
import { ownSettings, withSettings } from './settings/settings-in-force.js';
import { whileDiskInTrouble } from './uplink/disk-trouble.js';
import { deviceKey, keepRegistration, nextBoot, storedRegistration } from './uplink/identity.js';
import { Outbox } from './uplink/outbox.js';
import { Registrar } from './uplink/registration.js';
import { RejectedFile } from './uplink/rejected-file.js';
import { twinHandler } from './uplink/twin-server.js';
import { RoundTrip } from './uplink/round-trip.js';
import { Uplink } from './uplink/uplink.js';
import { twinPeer } from './uplink/twin-address.js';
import { noWitness } from './uplink/witness.js';

const REJECTED_BYTES = 262_144;

/** Runs the agent of one vehicle until the signal is aborted; then leaves everything it knows on the disk. */
export async function runAgent(
  config: DeviceConfig,
  deps: AgentDeps,
  signal: AbortSignal,
  hooks: AgentHooks = {},
): Promise<void> {
  try {
    await operate(config, deps, signal, hooks);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function operate(config: DeviceConfig, deps: AgentDeps, signal: AbortSignal, hooks: AgentHooks): Promise<void> {
  const { clock, timers, log, metrics, disk } = deps;
  const { vehicle } = config;
  await using resources = new Resources();
  const stop = new AbortController();
  const running = AbortSignal.any([signal, stop.signal]);
  resources.defer(() => stop.abort(new Error('stopping')));

  // Who we are. Without a number there is no twin to send to; without a boot, no report.
  const key = await whileDiskInTrouble(() => deviceKey(disk, vehicle, deps.newKey), deps, running);
  const silenceMs = config['registration.silenceMs'];
  const family = config['uplink.family'];
  // Kept for the next start; this one goes on without.
  const keep = (found: Registration): Promise<void> =>
    keepRegistration(disk, found).catch((error: unknown) =>
      log.error({ event: 'outbox.disk-trouble', code: codeOf(error), error: messageOf(error) }),
    );
  const registrar = new Registrar({ ...deps, vehicle, key, silenceMs, keep, family });

  // The car and the receiver.
  const builder: ReportBuilder = new ReportBuilder(inputs => fuelOf(inputs, builder.newest('ftyp')?.value, config));
  const { openObdLink, gps } = deps;
  const onReading = (reading: Reading): void => builder.put(reading);
  const car = openObdLink === undefined ? undefined : carOfConfig(config, openObdLink, { ...deps, onReading });

  // The socket, and what the twin may ask.
  const lastTrustedMs = await readLastTime(disk);
  const time = new TimeBase({
    clock,
    system: config['clock.system'],
    holdMs: config['clock.holdMs'],
    ...(deps.sinceStartMs === undefined ? {} : { sinceStartMs: deps.sinceStartMs }),
    ...(lastTrustedMs === undefined ? {} : { lastTrustedMs }),
  });
  let outbox: Outbox | undefined = undefined;
  const report = (readings: readonly Reading[]): void => {
    if (outbox === undefined || readings.length === 0 || hooks.isSampling?.() === false) {
      builder.missed(readings);
      return;
    }
    try {
      outbox.add(readings);
      metrics.count('agent_reports_total', { result: 'sampled' });
    } catch (error) {
      builder.missed(readings);
      log.error({ event: 'agent.report-failed', error: messageOf(error) });
    }
  };
  let status: (() => AgentStatus) | undefined = undefined;
  const asked = twinHandler({
    car: () => car?.source,
    newest: wire => builder.newest(wire),
    onReading: reading => report([reading]),
    utcMs: monoMs => time.utcMs(monoMs),
    nowMs: () => clock.monotonicMs(),
    signal: running,
  });
  const handler = withStatus(() => status?.(), asked);
  const endpoint = resources.use(await deps.openEndpoint(config['uplink.bind'], handler));
  const address = `coap://${inUrl(endpoint.local.address)}:${endpoint.local.port}`;
  log.info({ event: 'agent.started', vehicle, address });
  hooks.onReady?.(address);

  // The outbox: what earlier boots left is sent first of all.
  const register = (floor: number): Promise<Registration> => registrar.register(floor, running);
  const openOutbox = (): Promise<Outbox> =>
    Outbox.open({
      disk,
      vehicle,
      ...(config['network.proof'] ? { prove: (id: ReportId) => proofOf(key, id) } : {}),
      nextBoot: highestKnown => nextBoot(disk, highestKnown, register),
      stamp: () => time.stamp(),
      estimate: () => time.estimate(),
      trustedMs: () => time.trustedMs(),
      maxAgeMs: config['outbox.maxAgeHours'] * 3_600_000,
      maxBytes: config['outbox.maxBytes'],
      syncMs: config['outbox.syncMs'],
      clock,
      timers,
      log,
    });
  outbox = resources.use(await whileDiskInTrouble(openOutbox, deps, running));
  const opened = outbox;
  const roundTrip = new RoundTrip({ firstMs: config['uplink.ackTimeoutMs'], answerMs: config['uplink.answerMs'] });
  let settings: RemoteSettings | undefined = undefined;
  const uplink = resources.use(
    new Uplink({
      ...deps,
      vehicle,
      endpoint,
      family,
      outbox: opened,
      rejected: new RejectedFile(disk, REJECTED_BYTES),
      witness: deps.witness ?? noWitness,
      parallel: config['uplink.parallel'],
      batchMax: config['uplink.batchMax'],
      roundTrip,
      liveMs: 2 * config['report.intervalMs'] + config['outbox.syncMs'],
      onSettings: desired => settings?.take(desired),
    }),
  );
  const beat = new ReportBeat(timers, () => report(builder.take(clock.monotonicMs())));
  resources.defer(() => beat.stop());
  const own = ownSettings(config);
  const governed = { vehicle, builder, beat, uplink, car, syncMs: config['outbox.syncMs'] };
  putInForce(own, governed);
  settings = await RemoteSettings.open({
    disk,
    log,
    readsCar: car !== undefined,
    apply: set => putInForce(withSettings(own, set), governed),
    report: said => report([{ name: META.settings, value: encodeReported(said), monoMs: clock.monotonicMs() }]),
  });
  const told = settings;
  resources.defer(() => told.idle());
  deps.onTaker?.(desired => told.take(desired));
  let receiver: GpsLoop | undefined;
  const parts = { vehicle, outbox: opened, uplink, roundTrip, time, car, settings };
  status = () => agentStatus({ ...parts, receiver }, clock.monotonicMs());
  hooks.onStatus?.(status);

  // Time: reports wait until somebody vouches for it.
  let correctedFrom = 1;
  const keeper = new TimeKeeper({
    ...deps,
    vehicle,
    time,
    last: new LastTime(disk),
    onChange: change => {
      const { boot, status } = opened;
      if (change.change === 'other') correctedFrom = status.sampled + 1;
      if (change.change === 'better' && status.sampled >= correctedFrom) {
        const { correctionMs, stamp } = change;
        const value = encodeClock({ boot, from: correctedFrom, to: status.sampled, correctionMs, clock: stamp.clock });
        report([{ name: META.clock, value, monoMs: clock.monotonicMs() }]);
      }
      opened.release(change.stamp);
    },
  });
  resources.defer(keeper.start());
  resources.defer(every(timers, 1_000, () => tellOutbox(metrics, opened.status)));

  // Everything that runs for as long as the agent does.
  const work: Promise<unknown>[] = [
    (async () => {
      // What was kept may be from before the network had this family.
      const kept = await storedRegistration(disk);
      const twin = kept === undefined ? undefined : twinPeer(kept, family);
      uplink.start(twin ?? twinPeer(await register(opened.boot + 1), family));
      await registrar.watch(uplink.watched, running);
    })(),
  ];
  if (car !== undefined) work.push(car.run(running));
  if (gps !== undefined) {
    const rules = { plausibleSpeedKmh: config['gps.plausibleSpeedKmh'] * config['gps.plausibleSpeedFactor'] };
    const onTime = (utcMs: number, monoMs: number): void => keeper.receiverTime(utcMs, monoMs);
    receiver = new GpsLoop({ ...deps, source: gps, rules, onReading, onTime });
    work.push(receiver.run(running));
  }
  try {
    await Promise.all(work);
  } finally {
    stop.abort(new Error('stopping'));
    await Promise.allSettled(work);
  }
}
