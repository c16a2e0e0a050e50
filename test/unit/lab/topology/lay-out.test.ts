import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { packageRoot } from '../../../../common/package-root.js';
import { parseTopology } from '../../../../protocol/topology.js';
import { distanceM } from '../../../../lab/drive/geo.js';
import { openDrive } from '../../../../lab/drive/drive-file.js';
import { domainChanges, layOutTopology } from '../../../../lab/topology/lay-out.js';

describe('layOutTopology', () => {
  for (const name of ['drive-06', 'drive-10', 'drive-17', 'drive-31'])
    it(`covers ${name} and makes it change domain at least twice`, async function () {
      const file = join(packageRoot(), '..', 'shared', 'traces', `${name}.csv`);
      if (!existsSync(file)) {
        console.log(`skipped: ${name} is not there`);
        this.skip();
      }
      const drive = await openDrive(file);
      const topology = parseTopology(layOutTopology(drive.rows));
      assert.ok(domainChanges(topology, drive.rows) >= 2);
      for (let ms = 0; ms <= drive.durationMs; ms += 1_000) {
        const here = drive.whereabouts(ms);
        assert.ok(
          topology.accessPoints.some(ap => distanceM(ap, here) <= ap.rangeM),
          `no coverage at ${ms} ms`,
        );
      }
    });

  it('has neighbours of other domains that overlap, and the ports of the lab', async () => {
    const { accessPoints, switches, domains } = layOutTopology((await openDrive('drive-06')).rows);
    assert.deepEqual(domains, ['edge-1', 'edge-2', 'core']);
    for (const [index, ap] of accessPoints.entries()) {
      const next = accessPoints[index + 1];
      if (next === undefined) continue;
      assert.notEqual(ap.domain, next.domain);
      assert.ok(distanceM(ap, next) < ap.rangeM + next.rangeM);
    }
    const ports = switches[0]?.ports ?? [];
    assert.deepEqual(
      ports.filter(({ role }) => role !== 'access'),
      [
        { port: 101, role: 'host', domain: 'edge-1' },
        { port: 102, role: 'host', domain: 'edge-2' },
        { port: 100, role: 'host', domain: 'core' },
        { port: 200, role: 'service' },
      ],
    );
    assert.deepEqual(
      ports.filter(({ role }) => role === 'access').map(({ port }) => port),
      accessPoints.map((_, index) => index + 1),
    );
  });

  it('makes a drive around one block change domain, too', () => {
    const round = Array.from({ length: 1_500 }, (_, step) => ({
      latitude: 41 + 0.0009 * Math.sin(step / 60),
      longitude: -96 + 0.0012 * Math.cos(step / 60),
    }));
    assert.ok(domainChanges(layOutTopology(round), round) >= 2);
  });

  it('gives a valid topology for any drive, with few enough access points', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.double({ min: -0.02, max: 0.02, noNaN: true }),
            fc.double({ min: -0.02, max: 0.02, noNaN: true }),
          ),
          { minLength: 1, maxLength: 30 },
        ),
        steps => {
          let latitude = 41;
          let longitude = -96;
          const track = steps.map(([dLat, dLon]) => ({ latitude: (latitude += dLat), longitude: (longitude += dLon) }));
          const topology = parseTopology(layOutTopology(track));
          assert.ok(topology.accessPoints.length >= 1 && topology.accessPoints.length <= 99);
        },
      ),
      { numRuns: 50 },
    ));
});
