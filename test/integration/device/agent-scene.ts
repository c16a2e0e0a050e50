import assert from 'node:assert/strict';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { deviceConfig } from '../../../device/config.js';
import { runDevices } from '../../../device/run.js';
import { openElm327Server } from '../../../lab/car/elm327-server.js';
import { openCoapEndpoint } from '../../../protocol/coap/endpoint.js';
import { secureRandom } from '../../../protocol/coap/secure-random.js';
import type { CoapHandler, Peer } from '../../../protocol/coap/types.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';
import { METRICS, type MetricName } from '../../../protocol/metrics.js';
import { splitBatch } from '../../../protocol/report-batch.js';
import { decodeReport, type Report } from '../../../protocol/report.js';
import { openAuthority } from '../../fakes/authority.js';
import { DRIVING } from '../../fakes/lab-adapter.js';

const LOOPBACK = { address: '127.0.0.1', port: 0 };

/** A twin and an authority for one vehicle; the twin answers as `answer` says. */
export async function world(answer: (report: Report) => string, remarks: () => object | undefined = () => undefined) {
  const metrics = new Metrics<MetricName>(METRICS);
  const reports: Report[] = [];
  const watchers = new Set<() => void>();
  let device: Peer | undefined;
  const handler: CoapHandler = (request, exchange) => {
    const bytes = request.payload ?? new Uint8Array();
    const some = (request.contentFormat === 63 ? splitBatch(bytes) : [bytes]).map(decodeReport);
    reports.push(...some);
    device = exchange.peer;
    const codes = some.map(answer);
    const told = remarks();
    for (const look of watchers) look();
    const code = codes.find(one => one !== '2.04') ?? '2.04';
    return told === undefined ? { code } : { code, contentFormat: 50, payload: Buffer.from(JSON.stringify(told)) };
  };
  const port = await openUdpPort(LOOPBACK);
  const twin = openCoapEndpoint({ port, handler, clock: systemClock, timers: systemTimers, random: secureRandom });
  let registrations = 0;
  const manager = await openAuthority(twin.local, metrics, ({ nextBootFloor }) => {
    registrations++;
    for (const look of watchers) look();
    return Math.max(nextBootFloor, 5);
  });
  return {
    twin,
    manager,
    reports,
    device: () => device,
    registrations: () => registrations,
    until: (done: () => boolean) =>
      new Promise<void>(resolve => {
        const look = (): void => {
          if (!done()) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    [Symbol.asyncDispose]: async () => {
      await manager[Symbol.asyncDispose]();
      await twin[Symbol.asyncDispose]();
    },
  };
}

/** Settings of `car-1` with its state in `folder`. */
export const configIn = (folder: string, managerUrl: string, obd: number, more: readonly string[] = []) =>
  deviceConfig({
    argv: [
      '--vehicle',
      'car-1',
      '--state',
      join(folder, 'state'),
      '--manager-url',
      managerUrl,
      '--obd-tcp',
      `127.0.0.1:${obd}`,
      '--uplink-bind',
      '127.0.0.1:0',
      '--clock-system',
      'trusted',
      '--report-interval-ms',
      '100',
      '--log-level',
      'silent',
      '--witness',
      join(folder, 'witness'),
      '--process-metrics',
      'false',
      ...more,
    ],
    env: {},
  });

export const labCar = () =>
  openElm327Server({
    listen: LOOPBACK,
    car: { vin: 'WVWZZZ1KZAW000001', values: () => DRIVING },
    turnAroundMs: 0,
    timers: systemTimers,
    log: silentLog,
    metrics: new Metrics<MetricName>(METRICS),
  });

/** Runs agents for as long as `during` takes. */
export async function drive(options: Parameters<typeof runDevices>[0], during: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const running = runDevices(options, stop.signal, () => undefined);
  // An agent that was never ended would keep the whole run from ending.
  const late = setTimeout(() => stop.abort(new Error('nothing came of it in 50 s')), 50_000);
  try {
    await Promise.race([during(), running]);
    assert.equal(stop.signal.aborted, false, String(stop.signal.reason));
  } finally {
    clearTimeout(late);
    stop.abort(new Error('test over'));
    await running;
  }
}
