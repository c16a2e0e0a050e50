import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FarEnd, FarEndOptions, Way } from '../../../../lab/triggers/far-end.js';
import { openMecLocation } from '../../../../lab/triggers/mec-location.js';
import { openMecMobility, type MecMobility } from '../../../../lab/triggers/mec-mobility.js';
import { openNef } from '../../../../lab/triggers/nef.js';
import { openSmf } from '../../../../lab/triggers/smf.js';
import { triggerList } from '../../../../md-manager/triggers/rest.js';
import { handoverList } from '../../../../protocol/api/md-manager.js';
import { eventually } from '../../../fakes/eventually.js';
import { attachmentIn } from '../../../fakes/host-refs.js';
import { Lab } from '../lab.js';

const NAMES = {
  vehicles: { 'gpsi:msisdn-34600000001': 'car-1', 'ipv4:10.45.0.7': 'car-1', 'address:acr:10.45.0.7': 'car-1' },
  domains: { 'dnai-north': 'edge-2', 'dnai-south': 'edge-1' },
  accessPoints: { 'their-ap-2': 'ap-2' },
};
/** Access points that nobody knows to be neighbours: what is armed is armed by news. */
const TOPOLOGY = {
  domains: ['core', 'edge-1', 'edge-2'],
  switches: [
    {
      datapath: 1,
      ports: [1, 2].map(port => ({ port, role: 'access', domain: `edge-${port}`, accessPoint: `ap-${port}` })),
    },
  ],
  accessPoints: [1, 2].map(n => ({
    ...{ id: `ap-${n}`, domain: `edge-${n}`, latitude: 38, longitude: -1, rangeM: 100, neighbours: [] },
  })),
};

interface Scene extends AsyncDisposable {
  readonly lab: Lab;
  readonly farEnd: FarEnd;
  tell(phase: Way['phase'], more?: Partial<Way>): Promise<void>;
  /** What sdn-app does with a sighting: it sends the flow by the armed slot, where there is one, and says so. */
  readonly hints: () => readonly { vehicle: string; port: number; address: string }[];
}

type Origin = FarEnd['name'];
const SETTING: Readonly<Record<Origin, string>> = {
  smf: 'triggers-smf-url',
  nef: 'triggers-nef-url',
  'mec-location': 'triggers-mec-location-url',
  'mec-mobility': 'triggers-mec-mobility-url',
};
const OPEN: Readonly<Record<Origin, (options: FarEndOptions) => Promise<FarEnd>>> = {
  smf: openSmf,
  nef: openNef,
  'mec-location': openMecLocation,
  'mec-mobility': openMecMobility,
};

async function scene(origin: Origin, more: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
  await writeFile(join(folder, 'names.yaml'), JSON.stringify(NAMES));
  await writeFile(join(folder, 'topology.json'), JSON.stringify(TOPOLOGY));
  const farEnd = await OPEN[origin]({ asksForAcks: true });
  const lab = await Lab.open();
  await lab.stop();
  await lab.start({
    topology: join(folder, 'topology.json'),
    'triggers-names': join(folder, 'names.yaml'),
    'tickets-per-domain': '0',
    'triggers-mec-location-zones': 'dnai-south,dnai-north',
    [SETTING[origin]]: farEnd.door.url,
    ...more,
  });
  const hints: { vehicle: string; port: number; address: string }[] = [];
  lab.sdn.onHint = (vehicle, { port, source }) => {
    hints.push({ vehicle, port, address: source.address });
    const domain = `edge-${port}`;
    const slot = lab.sdn.arming.get(vehicle)?.slots.find(one => one.domain === domain);
    if (slot !== undefined) void lab.tell(lab.redirect(vehicle, domain, 'armed'));
    else void lab.move(vehicle, domain);
  };
  await lab.register('car-1');
  await lab.move('car-1', 'edge-1');
  await lab.until(async () => (await lab.vehicle('car-1')).acting?.domain === 'edge-1');
  await lab.until(async () => (await lab.vehicle('car-1')).handover === undefined);
  return {
    ...{ lab, farEnd, hints: () => hints },
    tell: (phase, more = {}) =>
      farEnd.tell({
        ...{ gpsi: 'msisdn-34600000001', ipv4: '10.45.0.7', from: 'dnai-south', to: 'dnai-north', phase },
        ...{ accessPoint: 'their-ap-2', ...more },
      }),
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await farEnd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

async function subscribed({ lab, farEnd }: Scene, count = 1, standing = count): Promise<void> {
  await eventually('it has subscribed', () => farEnd.book.all().length === count);
  const { subscriptions } = await lab.api.call('GET', '/v1/triggers', { answer: triggerList });
  assert.deepEqual(
    subscriptions.map(({ origin }) => origin),
    Array.from({ length: standing }, () => farEnd.name),
  );
}

const statuses = (farEnd: FarEnd): unknown[] =>
  farEnd.acks.map(ack => (ack as { ackResult: { afStatus: string } }).ackResult.afStatus);
const armedBy = async (lab: Lab): Promise<string[]> => (await lab.reservations()).armed.map(({ reason }) => reason);
const moves = async (lab: Lab) =>
  (await lab.api.call('GET', '/v1/handovers?vehicle=car-1', { answer: handoverList })).handovers.filter(
    ({ kind }) => kind === 'move',
  );

describe('news of a core network', function () {
  this.timeout(60_000);

  for (const origin of ['smf', 'nef'] as const) {
    it(`(${origin}) are subscribed to; those of a move to come arm, those of one that happened switch, both are acknowledged`, async () => {
      await using under = await scene(origin);
      const { lab, farEnd } = under;
      await subscribed(under);
      const before = (await moves(lab)).length;
      await under.tell('early');
      await eventually('it is acknowledged', () => farEnd.acks.length === 1);
      assert.deepEqual(await armedBy(lab), [`${origin} early`]);
      await eventually('sdn-app knows the slot', () => lab.sdn.arming.get('car-1')?.slots.length === 1);
      await under.tell('late');
      await eventually('it is acknowledged', () => farEnd.acks.length === 2);
      assert.deepEqual(statuses(farEnd), ['SUCCESS', 'SUCCESS']);
      assert.deepEqual(under.hints(), [{ vehicle: 'car-1', port: 2, address: '10.45.0.7' }]);
      await lab.until(async () => (await moves(lab))[0]?.result === 'completed');
      const [move, ...others] = await moves(lab);
      assert.deepEqual(
        [move?.way, move?.toDomain, move?.standby?.reason, others.length],
        ['armed', 'edge-2', `${origin} early`, before],
      );
      assert.match(await lab.assertOneTwin('car-1'), /^edge-2\//);
    });

    it(`(${origin}) that come twice make one hand-over; where those before are lost, it is a cold one`, async () => {
      await using under = await scene(origin);
      const { lab, farEnd } = under;
      await subscribed(under);
      const before = (await moves(lab)).length;
      farEnd.poster.fate = 'lost';
      await under.tell('early');
      farEnd.poster.fate = 'twice';
      await under.tell('late');
      await eventually('both are acknowledged', () => farEnd.acks.length === 2);
      assert.deepEqual(statuses(farEnd), ['SUCCESS', 'SUCCESS']);
      await lab.until(async () => (await moves(lab))[0]?.result === 'completed');
      const [move, ...others] = await moves(lab);
      assert.deepEqual([move?.way, others.length], ['manager', before]);
    });
  }

  it('that name nobody and nowhere are answered so', async () => {
    await using under = await scene('smf');
    const { farEnd } = under;
    await subscribed(under);
    await under.tell('early', { gpsi: 'msisdn-1' });
    await under.tell('early', { to: 'dnai-x' });
    await under.tell('late', { to: undefined });
    await eventually('all are acknowledged', () => farEnd.acks.length === 3);
    assert.deepEqual(statuses(farEnd).sort(), ['OTHER', 'RELOC_NO_ALLOWED', 'SUCCESS']);
  });

  it('are not acknowledged to an address that is not theirs', async () => {
    await using under = await scene('smf');
    await using stranger = await openSmf();
    await subscribed(under);
    const event = { event: 'UP_PATH_CH', timeStamp: new Date().toISOString(), dnaiChgType: 'EARLY', gpsi: 'x' };
    const body = { notifId: 'n', ackUri: `${stranger.door.url}/acks/1`, eventNotifs: [event] };
    await under.lab.api.call('POST', '/v1/triggers/smf', { body });
    await under.tell('early', { gpsi: 'msisdn-1' });
    await eventually('the other is acknowledged', () => under.farEnd.acks.length === 1);
    assert.deepEqual([stranger.acks, stranger.door.asked], [[], []]);
  });
});

describe('news of a MEC platform', function () {
  this.timeout(60_000);

  it('(MEC 013) are subscribed to by zone; to enter one switches', async () => {
    await using under = await scene('mec-location');
    await subscribed(under, 2);
    await under.tell('late');
    await under.lab.until(async () => (await under.lab.vehicle('car-1')).acting?.domain === 'edge-2');
    assert.deepEqual(under.hints(), [{ vehicle: 'car-1', port: 2, address: attachmentIn('edge-1').source.address }]);
  });

  it('(MEC 021) are subscribed to; to be about to move arms, to have moved switches', async () => {
    await using under = await scene('mec-mobility');
    const { lab } = under;
    await subscribed(under);
    await eventually('the test notification was taken', () => under.farEnd.poster.statuses.includes(204));
    await under.tell('early');
    await lab.until(async () => (await armedBy(lab)).includes('mec-mobility early'));
    await under.tell('late');
    await lab.until(async () => (await lab.vehicle('car-1')).acting?.domain === 'edge-2');
  });

  it('(MEC 021) hears of our application and its devices, and when the state of a twin has gone with one', async () => {
    await using under = await scene('mec-mobility', { 'triggers-mec-mobility-app-instance-id': 'twins' });
    const { lab, farEnd } = under;
    const { services } = farEnd as MecMobility;
    /** What the platform knows of the car, by each of its names. */
    const known = (): unknown[] =>
      services
        .all()
        .flatMap(({ body: { serviceConsumerId, deviceInformation } }) =>
          (deviceInformation as { associateId: { value: string }; contextTransferState?: string }[]).map(
            ({ associateId, contextTransferState }) => [
              (serviceConsumerId as { appInstanceId: string }).appInstanceId,
              associateId.value,
              contextTransferState,
            ],
          ),
        );
    const inState = (state: string): unknown[] => [
      ['twins', '10.45.0.7', state],
      ['twins', 'acr:10.45.0.7', state],
    ];
    const isKnown = (state: string) => () => JSON.stringify(known()) === JSON.stringify(inState(state));
    await subscribed(under, 1, 2);
    await under.tell('late');
    await eventually('its state has gone', isKnown('USER_CONTEXT_TRANSFER_COMPLETED'));
    assert.equal((await lab.vehicle('car-1')).acting?.domain, 'edge-2');
    await lab.stop();
    assert.deepEqual([services.all(), farEnd.book.all()], [[], []]);
    await lab.start();
  });
});
