import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  applyBatch,
  createSwitch,
  process,
  readFlows,
  type Packet,
  type SwitchState,
} from '../../../../lab/soft-switch/model.js';
import {
  LOOPBACK_PLAN,
  aliasAddress,
  decodeTag,
  ipv4ToNumber,
  numberToIpv4,
  twinAddress,
} from '../../../../protocol/addresses.js';
import { readCopy } from '../../../../sdn-app/attachment/copy.js';
import { BASE_METERS, baseFlows, dropsOf } from '../../../../sdn-app/redirect/base.js';
import { difference } from '../../../../sdn-app/redirect/difference.js';
import {
  recoverView,
  vehicleFlows,
  vehicleMeters,
  type Place,
  type VehicleView,
} from '../../../../sdn-app/redirect/vehicle.js';
import { flowKey, type Batch, type Flow } from '../../../../sdn-app/switch/flow-switch.js';
import { vehicleSlice } from '../../../../sdn-app/redirect/cookie.js';
import { TOPOLOGY } from '../../../fakes/sdn-network.js';

const NETWORK = { plan: LOOPBACK_PLAN, datapath: 1 };
const NUMBER = 77;
const CAR = '127.112.0.5';
const TWIN = twinAddress(LOOPBACK_PLAN, NUMBER);
const ALIAS = aliasAddress(LOOPBACK_PLAN, NUMBER);
const CORE = { address: '127.96.0.1', port: 5683, outPort: 13 };
const EDGE = { address: '127.96.0.2', port: 5683, outPort: 12 };
const at = (port: number, sourcePort = 5683): Place => ({ port, source: { address: CAR, port: sourcePort } });
const view = (change: Partial<VehicleView> = {}): VehicleView => ({
  number: NUMBER,
  host: CORE,
  epoch: 0,
  place: at(1),
  returns: [],
  leaving: [],
  ...change,
});

const apply = (state: SwitchState, batch: Batch): void => assert.equal(applyBatch(state, batch), undefined);
const change = (before: readonly Flow[], after: readonly Flow[]): Batch => ({
  meters: [],
  flows: difference(before, after),
});

/** A switch with the base tables and one vehicle. */
function ready(of: VehicleView = view()): SwitchState {
  const state = createSwitch(1);
  apply(state, {
    meters: BASE_METERS,
    flows: difference([], baseFlows(NETWORK, TOPOLOGY.switches[0]!.ports, TOPOLOGY.domains)),
  });
  apply(state, { meters: vehicleMeters(NUMBER), flows: difference([], vehicleFlows(NETWORK, of)) });
  return state;
}

const move = (state: SwitchState, from: VehicleView, to: VehicleView): void =>
  apply(state, change(vehicleFlows(NETWORK, from), vehicleFlows(NETWORK, to)));

const datagram = (inPort: number, src: string, srcPort: number, dst: string, dstPort: number): Packet => ({
  inPort,
  ipProto: 17,
  fragment: false,
  ipSrc: ipv4ToNumber(src),
  udpSrc: srcPort,
  ipDst: ipv4ToNumber(dst),
  udpDst: dstPort,
});
const frame = (port: number, sourcePort = 5683): Packet => datagram(port, CAR, sourcePort, TWIN, 5683);

/** Where a packet comes out: `port src:port > dst:port`. */
const where = (state: SwitchState, packet: Packet, nowMs = 0): string[] =>
  process(state, packet, nowMs).outputs.map(
    ({ port, packet: out }) =>
      `${port} ${numberToIpv4(out.ipSrc)}:${out.udpSrc} > ${numberToIpv4(out.ipDst)}:${out.udpDst}`,
  );

/** The answer of whoever got the packet. */
function answered(state: SwitchState, packet: Packet): string[] {
  const { outputs } = process(state, packet, 0);
  return outputs.flatMap(({ port, packet: { ipSrc, udpSrc, ipDst, udpDst } }) =>
    where(state, { ...packet, inPort: Number(port), ipSrc: ipDst, udpSrc: udpDst, ipDst: ipSrc, udpDst: udpSrc }),
  );
}

const tableOf = (state: SwitchState): string[] =>
  readFlows(state, { cookie: 0, mask: 0 })
    .map(({ packets: _, ...flow }) => `${flowKey(flow)} ${flow.cookie} ${JSON.stringify(flow.actions)}`)
    .sort();

describe('tables', () => {
  it('take a frame from its port to the host, as the alias with a tag, without a copy', () => {
    const { outputs, packetIns } = process(ready(), frame(1), 0);
    assert.equal(packetIns.length, 0);
    const [out] = outputs;
    assert.deepEqual(
      [out?.port, numberToIpv4(out!.packet.ipSrc), numberToIpv4(out!.packet.ipDst)],
      [13, ALIAS, CORE.address],
    );
    assert.deepEqual(decodeTag(out!.packet.udpSrc), { unconfirmed: false, datapath: 1, inPort: 1 });
  });

  it('bring the answer out where the frame came in', () =>
    assert.deepEqual(answered(ready(), frame(1)), [`1 ${TWIN}:5683 > ${CAR}:5683`]));

  it('serve a moved car at the old host at once, and bring its answer out at the new port, with no controller', () => {
    const state = ready();
    assert.deepEqual(where(state, frame(2)), [`13 ${ALIAS}:${0x800 + 2} > ${CORE.address}:5683`]);
    assert.deepEqual(answered(state, frame(2)), [`2 ${TWIN}:5683 > ${CAR}:5683`]);
  });

  it('copy the frame of a moved car with its source, five times a second, and deliver every one', () => {
    const state = ready();
    const all = Array.from({ length: 50 }, (_, i) => process(state, frame(2), i));
    assert.ok(all.every(({ outputs }) => outputs.length === 1));
    const copies = all.flatMap(({ packetIns }) => packetIns);
    assert.equal(copies.length, 5);
    assert.deepEqual(readCopy(copies[0]!), { of: 'vehicle', number: NUMBER, place: at(2) });
    assert.equal(process(state, frame(2), 1_000).packetIns.length, 1);
  });

  it('serve an unknown source with the unconfirmed tag, and answer it only after its return flow is there', () => {
    const state = ready();
    assert.deepEqual(where(state, frame(2, 6000)), [`13 ${ALIAS}:${0x8000 + 0x800 + 2} > ${CORE.address}:5683`]);
    assert.deepEqual(answered(state, frame(2, 6000)), []);
    move(state, view(), view({ returns: [at(2, 6000)] }));
    assert.deepEqual(answered(state, frame(2, 6000)), [`2 ${TWIN}:5683 > ${CAR}:6000`]);
    assert.deepEqual(answered(state, frame(1)), [`1 ${TWIN}:5683 > ${CAR}:5683`]);
  });

  it('drop and count fragments, other ports, other protocols, unknown vehicles and tags that lead nowhere', () => {
    const state = ready();
    const stranger = datagram(1, CAR, 5683, twinAddress(LOOPBACK_PLAN, NUMBER + 1), 5683);
    const toHost = datagram(13, CORE.address, 5683, ALIAS, 0x801);
    const dropped: Packet[] = [
      { ...frame(1), fragment: true },
      { ...toHost, fragment: true },
      { ...frame(1), udpDst: 5684 },
      { ...frame(1), ipProto: 6 },
      datagram(13, CORE.address, 5683, TWIN, 5683),
      datagram(1, CAR, 5683, ALIAS, 0x801),
      { ...toHost, udpDst: 0x1001 },
      { ...toHost, ipSrc: ipv4ToNumber('127.96.0.9') },
      stranger,
    ];
    for (const packet of dropped) assert.deepEqual(where(state, packet), []);
    assert.deepEqual(dropsOf(NETWORK, readFlows(state, { cookie: 0, mask: 0 })), {
      'fragment-to-twin': 1,
      'fragment-to-alias': 1,
      'other-to-twin': 3,
      'other-to-alias': 1,
      'unknown-vehicle': 1,
      'no-way-out': 2,
    });
  });

  it('copy frames of unknown vehicles at the rate of one meter', () => {
    const state = ready();
    const copies = Array.from({ length: 40 }, (_, i) =>
      process(state, datagram(1, CAR, 5683, twinAddress(LOOPBACK_PLAN, 100 + i), 5683), 0),
    ).flatMap(({ packetIns }) => packetIns);
    assert.equal(copies.length, 5);
    assert.deepEqual(readCopy(copies[0]!), { of: 'nobody' });
  });

  it('forward what is no twin traffic as an ordinary switch does', () =>
    assert.deepEqual(where(ready(), datagram(1, CAR, 1, '127.0.0.1', 53)), [`NORMAL ${CAR}:1 > 127.0.0.1:53`]));

  it('deliver nothing to the port that a packet came in by, except through IN_PORT', () => {
    const state = ready(view({ place: at(1), host: { ...CORE, outPort: 1 } }));
    assert.deepEqual(where(state, frame(1)), [`1 ${ALIAS}:${0x801} > ${CORE.address}:5683`]);
    assert.deepEqual(where(state, frame(2)), [`1 ${ALIAS}:${0x802} > ${CORE.address}:5683`]);
    const plain = createSwitch(1);
    const out: Flow = { table: 0, priority: 1, cookie: 0, match: {}, actions: [{ do: 'output', to: { port: 1 } }] };
    apply(plain, { meters: [], flows: [{ op: 'add', flow: out }] });
    assert.deepEqual([where(plain, frame(1)).length, where(plain, frame(2)).length], [0, 1]);
  });

  it('stop at a port that is down', () => {
    const state = ready();
    state.downPorts.add(13);
    assert.deepEqual(where(state, frame(1)), []);
  });

  it('show a move back as a copy again after a re-route', () => {
    const state = ready();
    move(state, view(), view({ place: at(2) }));
    assert.equal(process(state, frame(2), 0).packetIns.length, 0);
    assert.equal(process(state, frame(1), 0).packetIns.length, 1);
    assert.deepEqual(answered(state, frame(1)), [`1 ${TWIN}:5683 > ${CAR}:5683`]);
  });

  it('send every frame to one host or the other during a swap, and answers of both come back until the old one is retired', () => {
    const state = ready();
    const swapped = view({ host: EDGE, epoch: 1, leaving: [{ host: CORE, epoch: 0 }] });
    const batch = change(vehicleFlows(NETWORK, view()), vehicleFlows(NETWORK, swapped));
    // a switch without bundles takes the changes one by one: nothing is lost there either
    for (const mod of batch.flows) {
      apply(state, { meters: [], flows: [mod] });
      for (const port of [1, 2, 3])
        assert.deepEqual(answered(state, frame(port)), [`${port} ${TWIN}:5683 > ${CAR}:5683`]);
    }
    assert.deepEqual(where(state, frame(1)), [`12 ${ALIAS}:${0x801} > ${EDGE.address}:5683`]);
    assert.deepEqual(where(state, datagram(13, CORE.address, 5683, ALIAS, 0x801)), [`1 ${TWIN}:5683 > ${CAR}:5683`]);
    move(state, swapped, view({ host: EDGE, epoch: 1 }));
    assert.deepEqual(where(state, datagram(13, CORE.address, 5683, ALIAS, 0x801)), []);
    assert.ok(readFlows(state, vehicleSlice(NUMBER)).every(({ cookie }) => Math.floor(cookie / 16) % 2 ** 24 === 1));
  });

  it('send no answer to a wrong port while a car goes to and fro', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ port: fc.integer({ min: 1, max: 3 }), rerouted: fc.boolean() }), { maxLength: 60 }),
        steps => {
          const state = ready();
          let now = view();
          for (const { port, rerouted } of steps) {
            const { outputs } = process(state, frame(port), 0);
            const next = rerouted ? view({ place: at(port) }) : now;
            move(state, now, next);
            now = next;
            const [out] = outputs;
            assert.equal(outputs.length, 1);
            const back = where(state, datagram(13, CORE.address, 5683, ALIAS, out!.packet.udpSrc));
            assert.deepEqual(back, [`${port} ${TWIN}:5683 > ${CAR}:5683`]);
          }
        },
      ),
    ));

  const views: fc.Arbitrary<VehicleView> = fc
    .record({
      port: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      source: fc.integer({ min: 5683, max: 5685 }),
      swapped: fc.boolean(),
      epoch: fc.nat(9),
      leaving: fc.boolean(),
      returning: fc.boolean(),
    })
    .map(({ port, source, swapped, epoch, leaving, returning }) => {
      const host = swapped ? EDGE : CORE;
      const place = port === undefined ? {} : { place: at(port, source) };
      const other = swapped ? CORE : EDGE;
      const { place: _, ...rest } = view();
      const old =
        leaving && port !== undefined ? [{ host: { address: other.address, port: other.port }, epoch: 0 }] : [];
      return { ...rest, host, epoch, ...place, leaving: old, returns: returning ? [at(port ?? 1, source)] : [] };
    });

  it('are the same when every batch is applied twice, or once more one step late', () =>
    fc.assert(
      fc.property(fc.array(views, { minLength: 1, maxLength: 8 }), list => {
        const batches = list.map((next, i) =>
          change(i === 0 ? [] : vehicleFlows(NETWORK, list[i - 1]!), vehicleFlows(NETWORK, next)),
        );
        const play = (order: readonly Batch[]): string[] => {
          const state = createSwitch(1);
          apply(state, { meters: vehicleMeters(NUMBER), flows: [] });
          for (const batch of order) apply(state, batch);
          return tableOf(state);
        };
        const wanted = play(batches);
        assert.deepEqual(play(batches.flatMap(batch => [batch, batch])), wanted);
        const late = batches.flatMap((batch, i) => (i === 0 ? [batch] : [batch, batches[i - 1]!]));
        assert.deepEqual(play([...late, batches.at(-1)!]), wanted);
      }),
    ));

  it('tell alone where a vehicle is and what serves it', () =>
    fc.assert(
      fc.property(views, of => {
        const state = ready(of);
        assert.deepEqual(recoverView(NUMBER, readFlows(state, vehicleSlice(NUMBER))), of);
      }),
    ));
});
