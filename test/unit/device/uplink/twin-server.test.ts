import assert from 'node:assert/strict';
import type { ObdSource } from '../../../../device/obd/types.js';
import type { Reading } from '../../../../device/sampling/reading.js';
import { twinHandler } from '../../../../device/uplink/twin-server.js';
import { fault } from '../../../../protocol/errors.js';

const COOLANT = 'Vehicle.OBD.CoolantTemperature';
const NOW_MS = 100_000;
const BEGAN_MS = Date.UTC(2026, 9, 1);

interface World {
  readonly newest?: Reading;
  /** What the car answers to PID 05; absent: there is no car that may be asked. */
  readonly car?: () => Promise<ReadonlyMap<string, number>>;
}

/** Asks for the coolant temperature. */
async function ask({ newest, car }: World, query?: string) {
  const readings: Reading[] = [];
  const source = { supported: new Set([0x05]), read: car } as unknown as ObdSource;
  const handler = twinHandler({
    car: () => (car === undefined ? undefined : source),
    newest: wire => (wire === newest?.name ? newest : undefined),
    onReading: reading => void readings.push(reading),
    utcMs: monoMs => BEGAN_MS + monoMs,
    nowMs: () => NOW_MS,
    signal: new AbortController().signal,
  });
  const exchange = {
    peer: { address: '127.0.0.1', port: 1 },
    messageId: 1,
    token: new Uint8Array(),
    confirmable: true,
  };
  const answer = await handler(
    { method: 'GET', path: ['s', COOLANT], ...(query === undefined ? {} : { query: [query] }) },
    exchange,
  );
  const body =
    answer.payload === undefined ? undefined : (JSON.parse(Buffer.from(answer.payload).toString()) as object);
  return { code: answer.code, body, readings };
}

const TEN_SECONDS_OLD: Reading = { name: 'ect', value: 80, monoMs: NOW_MS - 10_000 };
const warm = (): Promise<ReadonlyMap<string, number>> => Promise.resolve(new Map([['ect', 88]]));

describe('a device that its twin asks', () => {
  it('asks the car where what it knows is older than may be, and reports that reading, too', async () => {
    for (const query of [undefined, 'maxAge=0', 'maxAge=9']) {
      const { code, body, readings } = await ask({ newest: TEN_SECONDS_OLD, car: warm }, query);
      assert.deepEqual([code, body], ['2.05', { value: 88, timeMs: BEGAN_MS + NOW_MS }]);
      assert.deepEqual(readings, [{ name: 'ect', value: 88, monoMs: NOW_MS }]);
    }
  });

  it('tells what it knows with its own time where that is young enough, and leaves the car alone', async () => {
    const car = (): never => assert.fail('the car was asked');
    const { body, readings } = await ask({ newest: TEN_SECONDS_OLD, car }, 'maxAge=10');
    assert.deepEqual([body, readings], [{ value: 80, timeMs: BEGAN_MS + NOW_MS - 10_000 }, []]);
  });

  it('never passes an old value off where the car is parked, silent, or answers something else', async () => {
    const silent = (): Promise<never> => Promise.reject(fault('OBD_TIMEOUT', '0105'));
    const away = (): Promise<never> => Promise.reject(fault('OBD_LINK', 'pulled'));
    assert.deepEqual(await ask({ newest: TEN_SECONDS_OLD }, 'maxAge=1'), {
      code: '5.03',
      body: undefined,
      readings: [],
    });
    assert.equal((await ask({ newest: TEN_SECONDS_OLD, car: silent }, 'maxAge=1')).code, '5.04');
    assert.equal((await ask({ newest: TEN_SECONDS_OLD, car: away }, 'maxAge=1')).code, '5.03');
    const other = (): Promise<ReadonlyMap<string, number>> => Promise.resolve(new Map());
    await assert.rejects(ask({ newest: TEN_SECONDS_OLD, car: other }), { code: 'SIGNAL_NO_VALUE' });
  });

  it('refuses an age that is none', async () => {
    for (const query of ['maxAge=', 'maxAge=-1', 'maxAge=x', 'maxAge=1e9'])
      await assert.rejects(ask({ car: warm }, query), { code: 'REQUEST_INVALID' });
  });
});
