import type { PoolPolicy } from '../md-manager/pool/policy/policy.js';
import { seededRandom } from '../lab/seeded-random.js';
import { countRow, cpuMeter, type BenchRow } from './harness.js';
import { quantilesOf } from '../common/quantiles.js';
import { dayOf } from './pool-day/trips.js';
import { runDay } from './pool-day/world.js';

const DOMAINS = 8;
/** The paper's virtual machine. */
const START_S = 41.7;
const HIT_RATE: PoolPolicy = {
  kind: 'hit-rate',
  target: 0.999,
  halfLifeMs: 600_000,
  startMs: START_S * 1000,
  mostSlots: 1_000,
};

interface Case {
  readonly name: string;
  readonly policy: PoolPolicy;
  readonly least: number;
  readonly leaseS: number;
}

const CASES: readonly Case[] = [
  ...[2, 8, 32].map(least => ({ name: `fixed ${least}`, policy: { kind: 'fixed' } as const, least, leaseS: 0 })),
  { name: 'hit rate 0.999', policy: HIT_RATE, least: 2, leaseS: 0 },
  { name: 'prediction', policy: { kind: 'prediction', mostSlots: 1_000 }, least: 2, leaseS: 120 },
  { name: 'fixed 8 and prediction', policy: { kind: 'fixed' }, least: 8, leaseS: 120 },
  { name: 'hit rate 0.999 and prediction', policy: HIT_RATE, least: 2, leaseS: 120 },
];

/**
 * A simulated day of 10,000 cars against the pools of eight domains, for the three policies and mixtures of them; the sizes are those of
 * the product's own rule (md-manager/pool/policy). `cars=`, `accuracy=`, `horizon=` seconds change the day.
 */
export function benchPool(_: AbortSignal, words: readonly string[]): Promise<BenchRow[]> {
  const set = (name: string, otherwise: number): number =>
    Number(words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? otherwise);
  const stays = dayOf({
    cars: set('cars', 10_000),
    domains: DOMAINS,
    accuracy: set('accuracy', 0.85),
    horizonS: set('horizon', 60),
    random: seededRandom(1),
  });
  const rows = CASES.flatMap(({ name, policy, least, leaseS }) => {
    const meter = cpuMeter();
    const day = runDay(stays, { domains: DOMAINS, policy, least, startS: START_S, surplusS: 60, leaseS });
    const cpuIdle = meter.idle();
    const figure = (metric: string, unit: string, value: number): BenchRow => ({
      ...countRow(name, metric, value, cpuIdle),
      unit,
      n: day.entries,
    });
    return [
      figure('hit rate', '%', (100 * (day.armed + day.warm)) / day.entries),
      figure('armed rate', '%', (100 * day.armed) / day.entries),
      figure('idle slot-minutes for each hand-over', 'min', day.idleSlotMinutes / day.entries),
      figure('cost of each hand-over, at 1 an hour of a slot', '1', day.idleSlotMinutes / 60 / day.entries),
      figure('slots started for each hand-over', '1', day.slotsStarted / day.entries),
      { case: name, metric: 'wait of those that found none', unit: 's', ...quantilesOf(day.waitedS), cpuIdle },
    ];
  });
  return Promise.resolve(rows);
}
