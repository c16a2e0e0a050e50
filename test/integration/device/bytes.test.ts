import assert from 'node:assert/strict';
import { reportsOf } from '../../../bench/virtual-drive.js';
import { BUNDLED_DRIVES, openDrive } from '../../../lab/drive/drive-file.js';
import { EngineModel } from '../../../lab/drive/engine-model.js';
import { decodeReport } from '../../../protocol/report.js';
import { SIGNALS } from '../../../protocol/signals.js';

const PAPER = SIGNALS.filter(row => row.paper).map(row => row.wire);

describe('reports of a whole drive', function () {
  this.timeout(60_000);
  for (const name of BUNDLED_DRIVES) {
    it(`of ${name} take at most 120 bytes in the mean, and tell all 13 signals as the car gave them`, async () => {
      const drive = await openDrive(name);
      const engine = new EngineModel(drive);
      const driven = await reportsOf(drive, 500);
      const mean = driven.reduce((sum, { bytes }) => sum + bytes.length, 0) / driven.length;
      assert.ok(mean <= 120, `${mean} bytes`);
      const reports = driven.map(({ bytes }) => decodeReport(bytes));
      assert.deepEqual(
        reports.map(report => report.seq),
        reports.map((_report, at) => at + 1),
      );
      const told = new Set(reports.flatMap(report => report.samples.map(sample => sample.name)));
      for (const wire of PAPER) assert.ok(told.has(wire), wire);
      // The speed that was told is the car's at that time: between the values of the seconds around it.
      const startMs = Date.UTC(2026, 0, 1);
      for (const { timeMs, value } of reports.flatMap(report => report.samples.filter(s => s.name === 'spd'))) {
        const near = [-200, -100, 0].map(ms => engine.at(timeMs - startMs + ms).speedKmh ?? 0);
        assert.ok(Number(value) >= Math.min(...near) - 1.5 && Number(value) <= Math.max(...near) + 1.5, `${timeMs}`);
      }
    });
  }
});
