import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEVICE, HOST, coapBed } from '../../../fakes/coap-bed.js';

describe('two CoAP endpoints on a bad link', () => {
  it('hand each request over at most once, and end each in its response or COAP_TIMEOUT', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(),
          loss: fc.double({ min: 0, max: 0.6, noNaN: true }),
          duplicate: fc.double({ min: 0, max: 0.6, noNaN: true }),
          maxDelayMs: fc.nat(4_000),
          handlerMs: fc.array(fc.nat(3_000), { minLength: 1, maxLength: 8 }),
          confirmable: fc.boolean(),
        }),
        async ({ seed, handlerMs, confirmable, ...faults }) => {
          const { open, clock } = coapBed(faults, seed);
          const calls = new Map<string, number>();
          await using client = open(DEVICE, () => ({ code: '4.04' }));
          await using server = open(HOST, async request => {
            const [path = ''] = request.path;
            calls.set(path, (calls.get(path) ?? 0) + 1);
            await new Promise<void>(resolve => clock.after(handlerMs[Number(path)] ?? 0, resolve));
            return { code: '2.05', payload: Buffer.from(path) };
          });
          const outcomes = handlerMs.map((_, i) =>
            client.request(server.local, { method: 'POST', path: [String(i)] }, { confirmable }).then(
              response => Buffer.from(response.payload ?? []).toString(),
              (error: unknown) => (error as { code: string }).code,
            ),
          );
          await clock.advance(400_000);
          const ends = await Promise.all(outcomes);
          ends.forEach((end, i) => {
            assert.ok(end === String(i) || end === 'COAP_TIMEOUT', end);
            if (end === String(i)) assert.equal(calls.get(String(i)), 1);
            assert.ok((calls.get(String(i)) ?? 0) <= 1);
            if (faults.loss === 0) assert.equal(end, String(i));
          });
          assert.equal(clock.pending, 0, 'no timer is left');
        },
      ),
      { numRuns: 60 },
    );
  });
});
