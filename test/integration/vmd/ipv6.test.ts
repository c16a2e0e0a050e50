import assert from 'node:assert/strict';
import { z } from 'zod';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { claimBlock } from '../../../lab/network/loopback-block.js';
import { LOOPBACK_PLAN, addressAt } from '../../../protocol/addresses.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { hostHealth, signalAnswer } from '../../../protocol/api/vmd.js';
import { bothFamilies } from '../../../protocol/coap/both-families.js';
import { encodeMessage } from '../../../protocol/coap/codec.js';
import { requestOptions } from '../../../protocol/coap/options.js';
import type { CoapEndpoint, CoapHandler, CoapRequest, DatagramPort, Peer } from '../../../protocol/coap/types.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';
import { METRICS } from '../../../protocol/metrics.js';
import { encodeReport } from '../../../protocol/report.js';
import { openVmdHost, type VmdHost } from '../../../vmd/host.js';
import { memoryTwinStore, type MemoryTwinStore } from '../../fakes/memory-twin-store.js';
import { endpointAt } from './scene.js';

/** There is one loopback address of IPv6: with this prefix it is the alias of vehicle 1. */
const ALIAS6 = '::';
const HERE = '::1';
const NUMBER = 1;
const VEHICLE = 'car-1';
const UNCONFIRMED = 0x8000;

const reportOf = (seq: number): CoapRequest => ({
  method: 'POST',
  path: ['r'],
  query: ['v=1'],
  contentFormat: 112,
  payload: encodeReport({
    vehicle: VEHICLE,
    boot: 1,
    seq,
    timeMs: Date.now(),
    samples: [{ name: 'spd', value: seq, timeMs: Date.now() - 60_000 }],
  }),
});

/** Something on a free port of `::1` that has no unconfirmed bit, as the tag of a confirmed attachment. */
async function atATag<T>(open: (port: number) => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await open(2_049 + Math.floor(Math.random() * (UNCONFIRMED - 2_049)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

describe('vmd host over IPv6', () => {
  let all: Resources;
  let store: MemoryTwinStore;
  let host: VmdHost;
  let control: HttpClient;
  let four: Peer;
  let six: Peer;
  /** The IPv4 alias of the vehicle. */
  let alias: string;
  let elsewhere: string;

  beforeEach(async () => {
    all = new Resources();
    const block = all.use(await claimBlock());
    store = memoryTwinStore();
    const address = block.hostAddress(1);
    elsewhere = block.serviceAddress(9);
    alias = addressAt(LOOPBACK_PLAN.aliasPrefix, block.firstNumber);
    const ports = [await openUdpPort({ address, port: 0 }), await openUdpPort({ address: HERE, port: 0 })] as const;
    [four, six] = [ports[0].local, ports[1].local];
    host = all.use(
      await openVmdHost(
        {
          host: 'edge-1/1',
          domain: 'edge-1',
          ...{ address, address6: HERE, controlPort: 0, slots: 4 },
          ...{ aliasPrefix: addressAt(alias, -NUMBER), alias6: ALIAS6 },
          ...{ leaseMs: 60_000, 'ingest.queueMax': 100, 'car.timeoutMs': 5_000 },
        },
        {
          ...{ store, port: bothFamilies(...ports), clock: systemClock, timers: systemTimers, random: Math.random },
          ...{ log: silentLog, metrics: new Metrics(METRICS), pid: process.pid, startTicks: 1 },
        },
      ),
    );
    control = all.use(new HttpClient(host.ref.control));
  });
  afterEach(() => all[Symbol.asyncDispose]());

  const command = (what: string, body: object): Promise<unknown> =>
    control.call('POST', `/v1/slots/${VEHICLE}/${what}`, {
      body: { header: { term: 1, handover: 'h-1', attempt: 1, epoch: 1, way: 'manager' }, ...body },
      answer: z.unknown(),
    });
  const carOver6 = async (handler?: CoapHandler): Promise<CoapEndpoint> =>
    all.use(await atATag(port => endpointAt(HERE, port, handler)));

  it('tells where it is by both families', async () => {
    assert.equal(host.ref.address6, HERE);
    assert.deepEqual((await control.call('GET', '/v1/health', { answer: hostHealth })).host, host.ref);
  });

  it('stores reports of a registered vehicle without a slot, by either family', async () => {
    const car = await carOver6();
    assert.equal((await car.request(six, reportOf(1))).code, '4.03');
    await store.putDevices([{ vehicle: VEHICLE, number: NUMBER, key: '', registeredAtMs: 0 }]);
    assert.equal((await car.request(six, reportOf(1))).code, '2.04');
    const over4 = all.use(await endpointAt(alias));
    assert.equal((await over4.request(four, reportOf(2))).code, '2.04');
    assert.deepEqual(store.rows.map(({ vehicle, seq }) => [vehicle, seq]), [[VEHICLE, 1], [VEHICLE, 2]]); // prettier-ignore
  });

  it('takes a report that comes again by the other family as the same one', async () => {
    await command('prepare', { number: NUMBER });
    const request = reportOf(1);
    const bytes = encodeMessage({
      type: 'CON',
      code: '0.02',
      messageId: 4_660,
      token: Buffer.from('deadbeef', 'hex'),
      options: requestOptions(request),
      payload: request.payload ?? new Uint8Array(),
    });
    const ways: readonly (readonly [DatagramPort, Peer])[] = [
      [all.use(await openUdpPort({ address: HERE, port: 0 })), six],
      [all.use(await openUdpPort({ address: alias, port: 0 })), four],
      [all.use(await openUdpPort({ address: HERE, port: 0 })), six],
    ];
    for (const [port, to] of ways) {
      const answered = new Promise<Uint8Array>(resolve => port.onDatagram(resolve));
      port.send(bytes, to);
      const answer = Buffer.from(await answered);
      assert.deepEqual([answer[1], answer.readUInt16BE(2)], [0x44, 4_660]);
    }
    assert.equal(store.rows.length, 1);
  });

  it('asks the car by the family that it was heard by last', async () => {
    const asked: string[] = [];
    const answering =
      (name: string): CoapHandler =>
      () => {
        asked.push(name);
        return { code: '2.05', payload: Buffer.from(JSON.stringify({ value: 7, timeMs: Date.now() })) };
      };
    const over6 = await carOver6(answering('ipv6'));
    const over4 = all.use(await endpointAt(alias, 2_053, answering('ipv4')));
    await command('prepare', { number: NUMBER });
    await command('activate', { leaseMs: 60_000 });
    const service = all.use(await endpointAt(elsewhere));
    const path = ['v', VEHICLE, 's', 'Vehicle.OBD.Speed'];
    const measure = async (): Promise<unknown> => {
      const { payload } = await service.request(four, { method: 'GET', path, query: ['maxAge=5'] });
      return signalAnswer.parse(JSON.parse(Buffer.from(payload ?? []).toString())).source;
    };
    await over6.request(six, reportOf(1));
    assert.equal(await measure(), 'measured');
    await over4.request(four, reportOf(2));
    assert.equal(await measure(), 'measured');
    await over6.request(six, reportOf(3));
    assert.equal(await measure(), 'measured');
    assert.deepEqual(asked, ['ipv6', 'ipv4', 'ipv6']);
  });
});
