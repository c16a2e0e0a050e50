import assert from 'node:assert/strict';
import { Mode01Reader, type Mode01Options } from '../../../../device/obd/mode01-reader.js';
import { bytesOfPid } from '../../../../device/obd/mode01.js';

const never = new AbortController().signal;
const [RPM, SPEED, LOAD, COOLANT, THROTTLE, LEVEL] = [0x0c, 0x0d, 0x04, 0x05, 0x11, 0x2f];
const ALL = [RPM, SPEED, LOAD, COOLANT, THROTTLE, LEVEL];

/** The texts that a reader sends for `pids` to a car of these units, each of which answers for what it has. */
async function sent(
  pids: readonly number[],
  units: Readonly<Record<string, readonly number[]>>,
  more: Partial<Mode01Options> = {},
): Promise<string[]> {
  const texts: string[] = [];
  const reader = new Mode01Reader({
    ask: request => {
      texts.push(request);
      const asked = pids.filter(pid => request.includes(pid.toString(16).toUpperCase().padStart(2, '0')));
      const data = asked.flatMap(pid => [pid, ...new Array<number>(bytesOfPid(pid) ?? 0).fill(1)]);
      return Promise.resolve([{ ecu: '7E8', data: Uint8Array.from([0x41, ...data]) }]);
    },
    units: new Map(Object.entries(units).map(([name, has]) => [name, new Set(has)])),
    supported: new Set(ALL),
    batchMax: 6,
    hasHeaders: true,
    ...more,
  });
  await reader.read(pids, never);
  return texts;
}

describe('the count of answers after a request', () => {
  it('is one where one unit has the PID, and the number of units that have it where each answers in one frame', async () => {
    assert.deepEqual(await sent([RPM], { '7E8': ALL }), ['010C1']);
    assert.deepEqual(await sent([SPEED], { '7E8': ALL, '7E9': [SPEED] }), ['010D2']);
    assert.deepEqual(await sent([SPEED], { '7E8': ALL, '7E9': [SPEED], '7EA': [SPEED, LOAD] }), ['010D3']);
    assert.deepEqual(await sent([RPM], { '7E8': ALL, '7E9': [SPEED] }), ['010C1'], 'the other has no such PID');
  });

  it('counts the frames of a long answer where one unit alone sends it', async () => {
    assert.deepEqual(await sent([RPM, SPEED], { '7E8': ALL }), ['010C0D1'], 'six bytes fit into a single frame');
    assert.deepEqual(await sent([RPM, SPEED, LOAD], { '7E8': ALL }), ['010C0D042'], 'eight do not');
    assert.deepEqual(await sent(ALL, { '7E8': ALL }), ['010C0D0405112F3'], 'fourteen: six, seven and one');
  });

  it('is left out where it is not certain', async () => {
    const units = { '7E8': ALL, '7E9': [SPEED] };
    assert.deepEqual(await sent([RPM, SPEED, LOAD], units), ['010C0D04'], 'frames of two units come mixed');
    assert.deepEqual(await sent([SPEED], units, { hasHeaders: false }), ['010D'], 'who answers cannot be told');
    assert.deepEqual(await sent([SPEED], {}), ['010D'], 'no unit is known');
    assert.deepEqual(await sent([RPM], { '7E9': [SPEED] }), ['010C'], 'none of them said that it has the PID');
  });

  it('is there without headers where the car has one unit', async () =>
    assert.deepEqual(await sent([RPM], { '': ALL }, { hasHeaders: false }), ['010C1']));
});
