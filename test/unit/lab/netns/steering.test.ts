import assert from 'node:assert/strict';
import type { Network } from '../../../../lab/netns/network.js';
import { ORDERS, follow, ordersText } from '../../../../lab/netns/steering.js';

describe('orders to a network that is up', () => {
  const calls: unknown[][] = [];
  const note =
    (name: string, answer?: unknown) =>
    (...words: unknown[]): Promise<unknown> => {
      calls.push([name, ...words]);
      return Promise.resolve(answer);
    };
  const network = {
    moveTo: note('moveTo'),
    setAddress: note('setAddress'),
    rebind: note('rebind'),
    setLink: note('setLink'),
    checksumErrors: note('checksumErrors', { 'host-1': 3 }),
  } as unknown as Network;
  beforeEach(() => void calls.splice(0));

  const KNOWN: readonly (readonly [string, readonly unknown[], string])[] = [
    ['move car-1 ap-2', ['moveTo', 'car-1', 'ap-2'], 'done'],
    ['  address  car-1 10.112.0.9 ', ['setAddress', 'car-1', '10.112.0.9'], 'done'],
    ['rebind van', ['rebind', 'van'], 'done'],
    ['cut access:ap-1', ['setLink', 'access:ap-1', { up: false }], 'done'],
    ['mend access:ap-1', ['setLink', 'access:ap-1', { up: true }], 'done'],
    ['quality control:1 8 0.5', ['setLink', 'control:1', { delayMs: 8, loss: 0.5 }], 'done'],
    ['errors', ['checksumErrors'], '{"host-1":3}'],
  ];
  for (const [line, call, answer] of KNOWN)
    it(`follows '${line.trim()}'`, async () => {
      assert.equal(await follow(network, line), answer);
      assert.deepEqual(calls, [call]);
    });

  it('knows no order that is not tried here', () =>
    assert.deepEqual(
      Object.keys(ORDERS),
      KNOWN.map(([line]) => line.trim().split(/\s+/)[0]),
    ));

  for (const line of [
    '',
    'fly car-1',
    'move car-1',
    'move car-1 ap-1 ap-2',
    'errors now',
    'quality control:1 -1 0',
    'quality control:1 x 0',
    'toString',
  ])
    it(`refuses '${line}' and does nothing`, async () => {
      await assert.rejects(follow(network, line), { code: 'REQUEST_INVALID' });
      assert.deepEqual(calls, []);
    });

  it('are explained one by one', () => assert.equal(ordersText('\n').split('\n').length, Object.keys(ORDERS).length));
});
