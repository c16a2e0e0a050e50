import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createSwitch } from '../../../../lab/soft-switch/model.js';
import { ipv4ToNumber } from '../../../../protocol/addresses.js';
import { baseMeters } from '../../../../sdn-app/redirect/base.js';
import { vehicleSlice } from '../../../../sdn-app/redirect/cookie.js';
import { difference } from '../../../../sdn-app/redirect/difference.js';
import { portMeter, vehicleMeter } from '../../../../sdn-app/redirect/network.js';
import {
  recoverView,
  vehicleFlows,
  vehicleMeters,
  type HostEnd,
  type Place,
  type VehicleView,
} from '../../../../sdn-app/redirect/vehicle.js';
import { inSlice, type Batch } from '../../../../sdn-app/switch/flow-switch.js';
import {
  ALIAS,
  CAR6,
  ENTRANCES,
  FULL,
  NUMBER,
  PLAIN,
  World,
  apply,
  backAt,
  changes,
  networkOf,
  tableOf,
  viewOf,
} from './world.js';
import { HOSTS, placesAt, trusts, viewsOf } from './arbitrary-views.js';

const places = placesAt(ENTRANCES.map(([, port]) => port));
const views: fc.Arbitrary<VehicleView> = fc
  .record({ view: viewsOf(places), doubted: fc.array(places, { maxLength: 3 }) })
  .map(({ view, doubted }) => ({ ...view, doubted }));
const sourceOf = ({ source }: Place): string => `${source.address} ${source.port}`;

describe('properties of the tables', () => {
  it('take every frame of a vehicle to one of its own hosts, and every answer to the very port and source or nowhere', () =>
    fc.assert(
      fc.property(views, trusts, fc.array(places, { minLength: 1, maxLength: 6 }), (view, trust, frames) => {
        const world = new World(networkOf({ trust }), view);
        const own = [view.host, ...view.armed.map(({ host }) => host)].flatMap(({ address, address6 }) => [
          address,
          address6,
        ]);
        for (const place of frames) {
          const got = world.enter(place);
          assert.equal(got.length, 1);
          assert.ok(own.some(address => address !== undefined && world.where(place)[0]?.includes(address)));
          const answers = world.answersTo(place);
          if (trust !== 'lab' && answers.length === 0) continue;
          const known = view.place !== undefined && sourceOf(view.place) === sourceOf(place);
          const shared = [...view.returns, ...(view.also === undefined ? [] : [view.also])].some(
            ({ port, source }) => port === place.port && sourceOf({ ...place, source }) !== sourceOf(place),
          );
          if (known && !shared) assert.deepEqual(answers, [backAt(place)]);
          else assert.ok(answers.length === 0 || answers[0] === backAt(place), `${answers[0]} is not ${backAt(place)}`);
        }
      }),
      { numRuns: 300 },
    ));

  it('let no station have the answer to a frame of another but the vehicle, where attachments have to be confirmed', () =>
    fc.assert(
      fc.property(views, trusts, places, (view, trust, place) => {
        fc.pre(trust !== 'lab' && view.also === undefined);
        const known = view.place !== undefined && sourceOf(view.place) === sourceOf(place);
        for (const station of new World(networkOf({ trust }), view).stationsAnswered(place))
          assert.ok(station === place.mac || (known && station === view.place?.mac), station.toString(16));
      }),
      { numRuns: 500 },
    ));

  it('let a known source have every answer wherever it comes up, while nobody else is at that port', () =>
    fc.assert(
      fc.property(views, trusts, places, (view, trust, { datapath, port }) => {
        fc.pre(view.place !== undefined && view.also === undefined && view.returns.length === 0);
        const world = new World(networkOf({ trust }), view);
        const there = { ...view.place!, datapath, port };
        assert.deepEqual(world.answersTo(there), [backAt(there)]);
      }),
    ));

  it('never take a packet of one vehicle to the host of another, whatever it does and wherever it comes from', () =>
    fc.assert(
      fc.property(views, places, fc.boolean(), (view, place, toAlias) => {
        const mine: HostEnd = { address: '10.96.48.1', address6: 'fded:9e00:0:96::3:1', port: 5683, domain: 'core' };
        const other = { ...viewOf({ host: mine, place }), number: NUMBER + 1, armed: [], returns: [], leaving: [] };
        const world = new World(networkOf(), view, other);
        const change = toAlias ? { ipDst: ipv4ToNumber(ALIAS) } : {};
        for (const { packet } of world.enter(place, change)) {
          assert.notEqual(packet.ipDst, ipv4ToNumber(mine.address));
          assert.notEqual(packet.ip6Dst, 'fded9e00000000960000000000030001');
        }
      }),
    ));

  for (const [what, abilities] of [
    ['with moves', FULL],
    ['without', PLAIN],
  ] as const)
    it(`are the same when every batch is applied twice, or once more one step late, ${what}`, () =>
      fc.assert(
        fc.property(fc.array(views, { minLength: 1, maxLength: 6 }), fc.constantFrom(1, 2), (list, datapath) => {
          const network = networkOf({ abilities: () => abilities });
          const batches = list.map((next, i): Batch => ({
            meters: [],
            flows: changes(network, datapath, list[i - 1], next),
          }));
          const play = (order: readonly Batch[]): string[] => {
            const state = createSwitch(datapath);
            apply(state, { meters: [...baseMeters(network, datapath), ...vehicleMeters(NUMBER)], flows: [] });
            for (const batch of order) apply(state, batch);
            return tableOf(state);
          };
          const wanted = play(batches);
          assert.deepEqual(play(batches.flatMap(batch => [batch, batch])), wanted);
          const late = batches.flatMap((batch, i) => (i === 0 ? [batch] : [batch, batches[i - 1]!]));
          assert.deepEqual(play([...late, batches.at(-1)!]), wanted);
          const flows = vehicleFlows(network, datapath, list.at(-1)!);
          assert.deepEqual(difference(flows, flows), []);
        }),
      ));

  it('keep all flows of a vehicle in its slice, with one flow for each match, and only meters of its own and of ports in doubt', () =>
    fc.assert(
      fc.property(views, fc.constantFrom(1, 2), (view, datapath) => {
        const flows = vehicleFlows(networkOf(), datapath, view);
        assert.ok(flows.every(({ cookie }) => inSlice(cookie, vehicleSlice(NUMBER))));
        assert.equal(difference([], flows).length, flows.length);
        const meters = flows.flatMap(({ actions }) =>
          actions.flatMap(action => (action.do === 'meter' ? [action.meter] : [])),
        );
        const there = (view.doubted ?? []).filter(place => place.datapath === datapath);
        const apart = new Set(there.map(({ port }) => portMeter(port)));
        assert.deepEqual(new Set(meters), new Set([...apart, vehicleMeter(NUMBER)]));
        // a meter on a flow that carries data drops data
        for (const { actions } of flows)
          if (actions.some(action => action.do === 'meter'))
            assert.ok(actions.every(action => action.do !== 'output' || action.to === 'CONTROLLER'));
      }),
    ));

  it('tell alone where a vehicle is and what serves it', () =>
    fc.assert(
      fc.property(views, fc.constantFrom(1, 2), trusts, (view, datapath, trust) => {
        const network = networkOf({ trust });
        const found = vehicleFlows(network, datapath, view).map(flow => ({ ...flow, packets: 0 }));
        const again = recoverView(network, datapath, NUMBER, found);
        assert.ok(again !== undefined);
        const six = view.place?.source.address === CAR6;
        const short = ({ address, port, domain }: HostEnd): HostEnd => ({ address, port, domain });
        const sorted = <T>(list: readonly T[]): T[] =>
          [...list].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
        assert.deepEqual([again.host, again.epoch], [view.host, view.epoch]);
        assert.deepEqual(
          sorted(again.armed.map(({ domain, host }) => [domain, short(host)])),
          view.place === undefined ? [] : sorted(view.armed.map(({ domain, host }) => [domain, short(host)])),
        );
        assert.ok(again.armed.every(({ host }) => (host.address6 !== undefined) === six));
        assert.deepEqual(sorted(again.returns), sorted(view.returns.filter(to => to.datapath === datapath)));
        const armed = view.armed.map(({ host }) => host.address);
        const leaving = view.leaving.filter(({ host }) => !armed.includes(host.address));
        assert.deepEqual(
          sorted(again.leaving.map(({ host, epoch }) => [short(host), epoch])),
          view.place === undefined ? [] : sorted(leaving.map(({ host, epoch }) => [short(host), epoch])),
        );
        const here = [view.place, view.also].filter(place => place?.datapath === datapath);
        const paths = [again.place, again.also].filter(place => place !== undefined);
        assert.deepEqual(
          sorted(paths.map(({ port, source }) => [port, source])),
          sorted(here.map(place => [place!.port, place!.source])),
        );
        const known = view.place;
        if (known?.datapath === datapath && view.also === undefined) assert.deepEqual(again.place, known);
      }),
      { numRuns: 300 },
    ));

  it('come out the same again when they are made from what they tell', () =>
    fc.assert(
      fc.property(views, trusts, (view, trust) => {
        fc.pre(view.also === undefined && view.place?.datapath === 1);
        fc.pre(view.armed.every(({ host }) => view.leaving.every(old => old.host !== host)));
        const network = networkOf({ trust });
        const found = vehicleFlows(network, 1, view).map(flow => ({ ...flow, packets: 0 }));
        const again = recoverView(network, 1, NUMBER, found)!;
        const whole = (end: HostEnd): HostEnd => HOSTS.find(({ address }) => address === end.address)!;
        const full: VehicleView = {
          ...again,
          armed: again.armed.map(route => ({ ...route, host: whole(route.host) })),
          leaving: again.leaving.map(old => ({ ...old, host: whole(old.host) })),
          returns: view.returns,
          // who is in doubt is learnt from his next frame
          ...(view.doubted === undefined ? {} : { doubted: view.doubted }),
        };
        assert.deepEqual(difference(found, vehicleFlows(network, 1, full)), []);
      }),
    ));
});
