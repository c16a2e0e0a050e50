import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { deviceConfig } from '../../../device/config.js';
import { runDevices } from '../../../device/run.js';
import { openElm327Server } from '../../../lab/car/elm327-server.js';
import { registration, registrationRequest } from '../../../protocol/api/md-manager.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { route } from '../../../protocol/api/route.js';
import { openCoapEndpoint } from '../../../protocol/coap/endpoint.js';
import { secureRandom } from '../../../protocol/coap/secure-random.js';
import type { Peer } from '../../../protocol/coap/types.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';
import { METRICS, type MetricName } from '../../../protocol/metrics.js';
import { decodeReport } from '../../../protocol/report.js';

const CAR = {
  ...{ speedKmh: 54, engineRpm: 1800, airFlowGs: 10, throttlePct: 20, loadPct: 40, intakePressureKpa: 50 },
  ...{ coolantC: 88, intakeC: 25, warmUps: 12, distanceKm: 345, barometricKpa: 101, fuelType: 1, voltage: 14.1 },
  ...{ lambda: 1, fuelLevelPct: 60, ambientC: 20, runTimeS: 600, running: true },
};

/** More than may be under way at once: some were answered. */
const ENOUGH = 12;

describe('device agent over IPv6', function () {
  this.timeout(60_000);

  it('registers and reports over it, also where it was registered before the network had it', async () => {
    await using all = new Resources();
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-device-'));
    all.defer(() => rm(folder, { recursive: true, force: true }));
    const shared = { clock: systemClock, timers: systemTimers, random: secureRandom, log: silentLog };
    const metrics = new Metrics<MetricName>(METRICS);
    const heard: { readonly from: string; readonly boot: number; readonly seq: number }[] = [];
    let onHeard = (): void => undefined;
    const twinAt = async (address: string): Promise<Peer> => {
      const port = await openUdpPort({ address, port: 0 });
      const handler = ({ payload }: { payload?: Uint8Array }, { peer }: { peer: Peer }) => {
        const { boot, seq } = decodeReport(payload ?? new Uint8Array());
        heard.push({ from: peer.address, boot, seq });
        onHeard();
        return { code: '2.04' };
      };
      return all.use(openCoapEndpoint({ ...shared, port, handler })).local;
    };
    const twin = await twinAt('127.0.0.1');
    const twin6 = await twinAt('::1');
    let hasIpv6 = false;
    const register = route({
      method: 'POST',
      path: '/v1/registrations',
      summary: 'registers',
      body: registrationRequest,
      answer: registration,
      handle: ({ body: { vehicle, nextBootFloor: nextBoot } }) => ({
        ...{ vehicle, number: 7, nextBoot, twin },
        // Not in its canonical text, which is where answers come from.
        ...(hasIpv6 ? { twin6: { ...twin6, address: '0:0:0:0:0:0:0:1' } } : {}),
      }),
    });
    const listen = { address: '::1', port: 0 };
    const manager = all.use(
      await openHttp({ part: 'md-manager', listen, routes: [register], log: silentLog, metrics }),
    );
    const car = all.use(
      await openElm327Server({
        ...{ listen: { address: '127.0.0.1', port: 0 }, car: { vin: 'WVWZZZ1KZAW000001', values: () => CAR } },
        ...{ turnAroundMs: 0, timers: systemTimers, log: silentLog, metrics },
      }),
    );

    const witnessed = async (): Promise<number> =>
      (await readFile(join(folder, 'witness'), 'utf8')).split('\n').length - 1;
    const reportsOver = async (family: 'ipv4' | 'ipv6', bind: string): Promise<void> => {
      const argv = [
        ...['--vehicle', 'car-1', '--state', join(folder, 'state'), '--manager-url', manager.url],
        ...['--obd-tcp', `127.0.0.1:${car.port}`, '--uplink-family', family, '--uplink-bind', bind],
        ...['--clock-system', 'trusted', '--report-interval-ms', '100', '--log-level', 'silent'],
        ...['--process-metrics', 'false', '--witness', join(folder, 'witness')],
      ];
      const stop = new AbortController();
      const before = heard.length;
      const enough = new Promise<void>(resolve => {
        onHeard = () => void (heard.length >= before + ENOUGH && resolve());
      });
      const running = runDevices([deviceConfig({ argv, env: {} })], stop.signal, () => undefined);
      try {
        await Promise.race([enough, running]);
      } finally {
        stop.abort(new Error('heard enough'));
        await running;
      }
    };

    assert.match(manager.url, /^http:\/\/\[::1\]:\d+$/);
    await reportsOver('ipv4', '127.0.0.1:0');
    assert.deepEqual(new Set(heard.map(({ from }) => from)), new Set(['127.0.0.1']));
    const first = heard.length;
    const before = await witnessed();
    assert.ok(before > 0);
    hasIpv6 = true;
    await reportsOver('ipv6', '[::1]:0');
    const later = heard.slice(first);
    assert.deepEqual(new Set(later.map(({ from }) => from)), new Set(['::1']));
    assert.ok((await witnessed()) > before, 'answers are known as the twin’s');
    assert.ok((later.at(-1)?.boot ?? 0) > (heard[0]?.boot ?? 0));
  });
});
