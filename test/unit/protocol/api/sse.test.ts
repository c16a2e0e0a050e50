import assert from 'node:assert/strict';
import type { FastifyReply } from 'fastify';
import { SseStream } from '../../../../protocol/api/sse.js';

const LIMIT = 100;

/** A reader's connection: what was written waits until it is taken. */
function openStream() {
  const waiting: { readonly bytes: number; readonly taken?: () => void }[] = [];
  let isDestroyed = false;
  const raw = {
    get writableLength() {
      return waiting.reduce((sum, { bytes }) => sum + bytes, 0);
    },
    socket: null,
    writeHead: () => raw,
    write: (data: string | Buffer, taken?: () => void) => {
      waiting.push({ bytes: Buffer.byteLength(data), ...(taken && { taken }) });
      return true;
    },
    destroy: () => (isDestroyed = true),
  };
  const stream = new SseStream({ raw, hijack: () => undefined } as unknown as FastifyReply, { limitBytes: LIMIT });
  const take = (): void => waiting.splice(0).forEach(({ taken }) => taken?.());
  take();
  return { stream, take, isClosed: () => isDestroyed };
}

describe('a stream of events to one reader', () => {
  it('closes a reader that has left more than the limit lying', () => {
    const { stream, isClosed } = openStream();
    stream.write('x'.repeat(LIMIT + 1));
    assert.equal(isClosed(), false);
    stream.write('x');
    assert.equal(isClosed(), true);
  });

  it('waits for one that is still reading what it begins with, however long that is', () => {
    const { stream, isClosed } = openStream();
    stream.begin('x'.repeat(10 * LIMIT));
    stream.write('x'.repeat(LIMIT));
    stream.write('x');
    assert.equal(isClosed(), false);
    stream.write('x');
    assert.equal(isClosed(), true);
  });

  it('does not count the beginning in its favour once that is read', () => {
    const { stream, take, isClosed } = openStream();
    stream.begin('x'.repeat(10 * LIMIT));
    take();
    stream.write('x'.repeat(LIMIT + 1));
    stream.write('x');
    assert.equal(isClosed(), true);
  });
});
