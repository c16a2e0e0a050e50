import assert from 'node:assert/strict';
import { deviceConfig } from '../../../../device/config.js';
import { putInForce } from '../../../../device/settings/put-in-force.js';
import { ownSettings, withSettings } from '../../../../device/settings/settings-in-force.js';
import type { ReportRules } from '../../../../device/sampling/report-builder.js';

const config = deviceConfig({
  argv: [
    ...['--vehicle', 'car-1', '--state', '/nowhere', '--manager-url', 'http://127.0.0.1:1'],
    ...['--obd-fast-hz', '4', '--obd-rates', 'spd=slow', '--report-thresholds', 'rpm=25,ect=1'],
  ],
  env: {},
});

describe('settings in force', () => {
  it('are those of the configuration where nobody has set anything', () => {
    const own = ownSettings(config);
    assert.deepEqual(own.periods, { fast: 250, medium: 1_000, slow: 20_000 });
    assert.deepEqual([own.reportIntervalMs, own.batchMax, own.bytesPerKm], [500, 16, 0]);
    assert.deepEqual(withSettings(own, {}), own);
  });

  it('are what was set, signal by signal, beside the configuration', () => {
    const set = withSettings(ownSettings(config), {
      tiers: { fastMs: 100 },
      rates: { rpm: { tier: 'off' } },
      thresholds: { rpm: 100 },
      bytesPerKm: 5_000,
    });
    assert.deepEqual(set.periods, { fast: 100, medium: 1_000, slow: 20_000 });
    assert.deepEqual(
      [...set.rates],
      [
        ['spd', { tier: 'slow' }],
        ['rpm', { tier: 'off' }],
      ],
    );
    assert.deepEqual(
      [...set.thresholds],
      [
        ['rpm', 100],
        ['ect', 1],
      ],
    );
    assert.equal(set.bytesPerKm, 5_000);
  });

  it('reach every part that goes by them', () => {
    const seen: Record<string, unknown> = {};
    let rules: ReportRules | undefined;
    putInForce(withSettings(ownSettings(config), { reportIntervalMs: 2_000, batchMax: 3, bytesPerKm: 9 }), {
      vehicle: 'car-1',
      builder: { setRules: (found: ReportRules) => (rules = found) } as never,
      beat: { set: (ms: number) => (seen['beat'] = ms) } as never,
      uplink: { setRules: found => (seen['uplink'] = found) },
      car: { setPlan: ({ periods }) => (seen['car'] = periods.fast) },
      syncMs: 200,
    });
    assert.deepEqual(seen, { beat: 2_000, uplink: { batchMax: 3, liveMs: 4_200 }, car: 250 });
    assert.ok(rules !== undefined);
    assert.ok(rules.weightOf('rpm') > rules.weightOf('spd'), 'the configuration makes the speed slow');
    const empty = rules.bytesOf([]);
    const more = rules.bytesOf([{ name: 'rpm', value: 900, monoMs: 5 }]);
    assert.ok(empty > 100 && empty < 140 && more > empty && more < empty + 20, `${empty}, ${more}`);
  });
});
