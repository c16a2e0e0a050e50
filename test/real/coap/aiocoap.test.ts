import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import type { CoapRequest } from '../../../protocol/coap/types.js';
import { eventually } from '../../fakes/eventually.js';
import { findPythonEnv } from '../python-env.js';
import { BODY, STATES, filled, keeper, openEndpoint, output, startServer, text, type Server } from './peers.js';

const here = join(packageRoot(), 'test', 'real', 'coap');
const SCRIPT = join(here, 'aiocoap-peer.py');
const LOCK = join(here, 'aiocoap.lock');
const nothing = () => ({ code: '4.04' });
const get = (path: string): CoapRequest => ({ method: 'GET', path: [path] });
const put = (path: string, payload: Uint8Array): CoapRequest => ({ method: 'PUT', path: [path], payload });
const told = (body: Uint8Array) => ({ bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') });

describe('aiocoap', function () {
  this.timeout(60_000);
  let python: string;
  before(async function () {
    this.timeout(300_000);
    const bin = await findPythonEnv('aiocoap-0.4.17', ['--no-deps', '--require-hashes', '--requirement', LOCK]);
    if (bin === undefined) {
      console.log('      (skipped: aiocoap cannot be installed from PyPI)');
      return this.skip();
    }
    python = join(bin, 'python');
  });

  it('as a client of ours uploads, reads, observes, and has two uploads to one resource at once', async () => {
    const { handler, bodies } = keeper(path => ours.changed(path));
    // It closes its socket without a word: nobody is there to reset what still comes.
    await using ours = await openEndpoint(handler, undefined, { params: { ackTimeoutMs: 200, maxRetransmit: 1 } });
    const found: unknown = JSON.parse(await output(python, [SCRIPT, 'client', ours.url]));
    assert.deepEqual(found, {
      up: '2.04',
      down: told(BODY),
      large: told(BODY),
      both: ['x', 'y'],
      states: STATES,
    });
    const whole = [BODY, filled('x'), filled('y')].map(body => told(body).sha256);
    assert.deepEqual(
      bodies
        .slice(0, 3)
        .map(body => told(body).sha256)
        .sort(),
      whole.sort(),
    );
    await eventually('it is forgotten', () => {
      ours.changed('state');
      return !ours.isObserved;
    });
  });

  describe('as a server to ours', () => {
    let server: Server;
    before(async () => {
      server = await startServer(
        python,
        ({ address, port }) => [SCRIPT, 'server', address, String(port)],
        (_, said) => said.includes('ready'),
      );
    });
    after(() => server?.[Symbol.asyncDispose]());

    it('takes a body in blocks and gives it back in blocks, of either size', async () => {
      await using ours = await openEndpoint(nothing);
      assert.equal((await ours.request(server.peer, get('none'))).code, '4.04');
      for (const blockSzx of [6, 2]) {
        const taken = await ours.request(server.peer, put('store', BODY), { blockSzx });
        assert.equal(taken.code, '2.04');
        assert.deepEqual(JSON.parse(text(taken.payload)), told(BODY));
        for (const asked of [{}, { blockSzx }]) {
          const { payload } = await ours.request(server.peer, get('store'), asked);
          assert.deepEqual(told(payload ?? new Uint8Array(0)), told(BODY));
        }
      }
    });

    it('keeps two uploads to one resource apart by their Request-Tags', async () => {
      await using ours = await openEndpoint(nothing);
      const answers = await Promise.all(
        ['x', 'y'].map(fill => ours.request(server.peer, put('store', filled(fill)), { blockSzx: 3 })),
      );
      assert.deepEqual(
        answers.map(({ payload }) => JSON.parse(text(payload)) as unknown),
        ['x', 'y'].map(fill => told(filled(fill))),
      );
    });

    it('is observed: tells small and large states until we leave', async () => {
      await using ours = await openEndpoint(nothing);
      const states = [text(filled('a')), 'b', text(filled('c'))];
      await ours.request(server.peer, put('state', Buffer.from('0')));
      const seen: string[] = [];
      for await (const { payload } of ours.observe(server.peer, get('state'))) {
        seen.push(text(payload));
        const next = states[seen.length - 1];
        if (next === undefined) break;
        await ours.request(server.peer, put('state', Buffer.from(next)));
      }
      assert.deepEqual(seen, ['0', ...states]);
    });
  });
});
