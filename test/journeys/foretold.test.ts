import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify as stringifyYaml } from 'yaml';
import { drivePath, openDrive } from '../../lab/drive/drive-file.js';
import { layOutTopology } from '../../lab/topology/lay-out.js';
import type { FarEnd } from '../../lab/triggers/far-end.js';
import { openSmf } from '../../lab/triggers/smf.js';
import { reservationList } from '../../protocol/api/pools.js';
import { Journey, armedFor } from './harness.js';

const DRIVE = 'drive-17';
const CAR = { gpsi: 'msisdn-34600000001', from: 'dnai-south', to: 'dnai-north' };

describe('a core network that tells of a car before its frames do', () => {
  let journey: Journey;
  let smf: FarEnd;
  let folder: string;
  let accessPoint: string;

  before(async () => {
    smf = await openSmf({ asksForAcks: true });
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
    const names = join(folder, 'names.yaml');
    const { track } = await openDrive(drivePath(DRIVE));
    const laid = layOutTopology(track);
    // Nobody knows where a car may go next: what is armed is armed by news.
    const topology = join(folder, 'topology.yaml');
    const accessPoints = laid.accessPoints.map(point => ({ ...point, neighbours: [] }));
    await writeFile(topology, stringifyYaml({ ...laid, accessPoints }));
    // A place must be certain: their name of it stands for one of our access points.
    accessPoint = accessPoints.find(({ domain }) => domain === 'edge-2')?.id ?? '';
    const domains = { [CAR.from]: 'edge-1', [CAR.to]: 'edge-2' };
    const vehicles = { [`gpsi:${CAR.gpsi}`]: 'car-1' };
    await writeFile(names, JSON.stringify({ vehicles, domains, accessPoints: { [CAR.to]: accessPoint } }));
    journey = await Journey.open({
      drive: DRIVE,
      topology,
      extra: {
        'md-manager': ['--tickets-per-domain', '0', '--triggers-smf-url', smf.door.url, '--triggers-names', names],
      },
    });
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
    await journey.until('it has subscribed', () => Promise.resolve(smf.book.all().length === 1));
  });
  after(async () => {
    await journey?.[Symbol.asyncDispose]();
    await smf?.[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  it('EARLY arms: the route stands in the switch, and that is acknowledged', async () => {
    await smf.tell({ ...CAR, phase: 'early' });
    await journey.until('it is acknowledged', () => Promise.resolve(acks().length === 1));
    assert.deepEqual(acks(), ['SUCCESS']);
    await armedFor(journey, 0, 'edge-2');
    const { armed } = await journey.manager.call('GET', '/v1/reservations', { answer: reservationList });
    assert.deepEqual(
      armed.map(({ vehicle, domain, reason }) => [vehicle, domain, reason]),
      [['car-1', 'edge-2', 'smf early']],
    );
  });

  it('LATE switches, without a frame of the car: by the armed slot, acknowledged once the twin acts there', async () => {
    await journey.move(0, null);
    await smf.tell({ ...CAR, phase: 'late' });
    await journey.actsIn(0, 'edge-2');
    await journey.until('it is acknowledged', () => Promise.resolve(acks().length === 2));
    assert.deepEqual(acks(), ['SUCCESS', 'SUCCESS']);
    const [move] = await journey.handovers();
    assert.deepEqual([move?.kind, move?.way, move?.toDomain], ['move', 'armed', 'edge-2']);
    assert.equal(move?.standby?.reason, 'smf early');
  });

  it('and the car finds its twin there with its first frame: there is no other hand-over', async () => {
    const before = (await journey.handovers()).length;
    await journey.move(0, accessPoint);
    await journey.acknowledges(0);
    assert.equal((await journey.actsIn(0, 'edge-2')).attachment?.accessPoint, accessPoint);
    assert.equal((await journey.handovers()).length, before);
    await journey.endsClean();
  });

  const acks = (): unknown[] => smf.acks.map(ack => (ack as { ackResult: { afStatus: string } }).ackResult.afStatus);
});
