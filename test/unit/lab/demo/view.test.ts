import assert from 'node:assert/strict';
import { renderView, type DemoState } from '../../../../lab/demo/view.js';
import type { HandoverRecord } from '../../../../protocol/api/md-manager.js';

const plain = (line: string): string => line.replaceAll(/\u001b\[[0-9;]*m/g, '');

const phases = {
  detected: 1_000,
  validated: 1_000,
  rerouted: 1_004.5,
  initiated: 1_132,
  prepared: 1_551,
  redirected: 1_744,
  activated: 2_240,
  completed: 4_130,
};
const handover = {
  ...{ id: 'h', vehicle: 'car-12', kind: 'move', way: 'manager', result: 'completed', attempt: 1, phases },
  ...{ fromDomain: 'edge-1', toDomain: 'edge-2' },
} as unknown as HandoverRecord;

const state: DemoState = {
  page: 'http://127.0.0.1:8080/',
  drive: 'a-drive-with-a-name-that-is-longer-than-any-terminal-would-like-to-show-in-one-of-its-lines.csv',
  driveS: 12.7,
  speed: 5,
  cars: Array.from({ length: 20 }, (_, index) => ({
    ...{ vehicle: `car-${index + 1}`, domain: 'edge-1', epoch: 2, attachedAt: 'ap-1', acknowledged: 40, queue: 0 },
  })),
  handovers: Array.from({ length: 30 }, () => handover),
  counts: { completed: 30, failed: 0, cancelled: 0 },
  restarts: 0,
  away: ['radio', 'device-car-7'],
};

describe('the terminal view', () => {
  for (const [columns, rows] of [
    [60, 20],
    [80, 24],
    [120, 40],
    [200, 60],
  ] as const) {
    it(`fits into ${columns} × ${rows}`, () => {
      const lines = renderView(state, { columns, rows }).map(plain);
      assert.ok(lines.length <= rows, `${lines.length} lines`);
      assert.deepEqual(
        lines.filter(line => line.length > columns),
        [],
      );
    });
  }

  const head = (columns: number): string[] => {
    const lines = renderView(state, { columns, rows: 40 }).map(plain);
    return (lines.find(line => line.startsWith('hand-overs (ms')) ?? '').slice(29).trim().split(/ +/);
  };

  it('shows the phases that matter most where it is narrow, and all where it is wide', () => {
    assert.deepEqual(head(80).at(-1), 'activated');
    assert.deepEqual(head(140), Object.keys(phases).slice(1));
  });

  it('says how a hand-over went and when each phase was, under its name', () => {
    const lines = renderView(state, { columns: 140, rows: 40 }).map(plain);
    const names = lines.find(line => line.startsWith('hand-overs (ms')) ?? '';
    const row = lines.find(line => line.startsWith('car-12 edge-1 → edge-2')) ?? '';
    const under = (name: string): string =>
      row
        .slice(0, names.indexOf(name) + name.length)
        .split(' ')
        .at(-1) ?? '';
    assert.deepEqual(['rerouted', 'activated', 'completed'].map(under), ['4.5', '1240', '3130']);
    assert.match(row, /manager$/);
  });
});
