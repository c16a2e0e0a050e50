import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installed } from '../../../lab/netns/namespaces.js';
import { decodeMessage } from '../../../protocol/coap/codec.js';
import { OPTIONS } from '../../../protocol/coap/option-table.js';
import type { CoapRequest } from '../../../protocol/coap/types.js';
import { eventually } from '../../fakes/eventually.js';
import { BODY, STATES, filled, keeper, openEndpoint, output, startServer, text, type Server } from './peers.js';

const CLIENT = 'coap-client-notls';
const SERVER = 'coap-server-notls';
const nothing = () => ({ code: '4.04' });
const get = (path: string): CoapRequest => ({ method: 'GET', path: [path] });
const put = (path: string, payload: Uint8Array): CoapRequest => ({
  method: 'PUT',
  path: [path],
  payload,
  contentFormat: 0,
});

describe('libcoap', function () {
  this.timeout(60_000);
  before(function () {
    if (installed(CLIENT) && installed(SERVER)) return;
    console.log("      (skipped: Debian's libcoap3-bin is not installed)");
    this.skip();
  });

  describe('as a client of ours', () => {
    /** What it prints ends with a line feed of its own. */
    const ask = async (...argv: string[]): Promise<string> =>
      (await output(CLIENT, ['-B', '5', ...argv])).replace(/\n$/, '');
    let folder: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'edgetwin-libcoap-'));
    });
    after(() => rm(folder, { recursive: true, force: true }));

    it('reads a small body and, in blocks of its size and of ours, a large one', async () => {
      await using ours = await openEndpoint(({ path }) => ({
        code: '2.05',
        payload: path[0] === 'large' ? filled('l') : Buffer.from('small'),
      }));
      assert.equal(await ask(`${ours.url}/small`), 'small');
      assert.equal(await ask(`${ours.url}/large`), text(filled('l')));
      assert.equal(await ask('-b', '64', `${ours.url}/large`), text(filled('l')));
    });

    it('sends a body in blocks, with a Request-Tag', async () => {
      const tags = new Set<string>();
      const { handler, bodies } = keeper(() => undefined);
      await using ours = await openEndpoint(handler, bytes => {
        for (const { number, value } of decodeMessage(bytes).options)
          if (number === OPTIONS.requestTag.number) tags.add(Buffer.from(value).toString('hex'));
      });
      const file = join(folder, 'body');
      await writeFile(file, BODY);
      for (const size of ['64', '1024']) {
        assert.equal(await ask('-m', 'put', '-b', size, '-f', file, `${ours.url}/store`), text(BODY.subarray(0, 1)));
        assert.deepEqual(Buffer.from(bodies.pop() ?? []), Buffer.from(BODY));
      }
      assert.deepEqual(bodies, [], 'each body was handed over once');
      assert.ok(tags.size > 0);
    });

    it('observes: is told each state, and is known no more after it left', async () => {
      let state = 0;
      const next = (): void => {
        if (state >= STATES.length - 1) return;
        state++;
        ours.changed('state');
      };
      // Each state is followed by the next once it is there.
      await using ours = await openEndpoint(
        ({ observe }) => {
          if (observe === 0 && state === 0) setImmediate(next);
          return { code: '2.05', payload: Buffer.from(`${state} `), maxAgeS: 30, observable: 'state' };
        },
        bytes => {
          if (decodeMessage(bytes).type === 'ACK') setImmediate(next);
        },
      );
      const seen = (await ask('-s', '1', `${ours.url}/state`)).trim().split(' ');
      assert.deepEqual(seen.slice(0, STATES.length), STATES);
      await eventually('it is forgotten', () => !ours.isObserved);
    });
  });

  describe('as a server to ours', () => {
    let server: Server;
    before(async () => {
      await using ours = await openEndpoint(nothing);
      server = await startServer(
        SERVER,
        ({ address, port }) => ['-A', address, '-p', String(port), '-d', '10'],
        peer =>
          ours.request(peer, get('time'), { timeoutMs: 200 }).then(
            () => true,
            () => false,
          ),
      );
    });
    after(() => server?.[Symbol.asyncDispose]());

    it('takes a body in blocks and gives it back in blocks, of either size', async () => {
      await using ours = await openEndpoint(nothing);
      assert.equal((await ours.request(server.peer, get('none'))).code, '4.04');
      for (const blockSzx of [6, 2]) {
        const body = filled(String(blockSzx));
        assert.match((await ours.request(server.peer, put('store', body), { blockSzx })).code, /^2.0[14]$/);
        for (const asked of [{}, { blockSzx }]) {
          const { code, payload } = await ours.request(server.peer, get('store'), asked);
          assert.deepEqual([code, text(payload)], ['2.05', text(body)]);
        }
      }
    });

    it('keeps two uploads to one resource apart by their Request-Tags', async () => {
      await using ours = await openEndpoint(nothing);
      const answers = await Promise.all(
        ['x', 'y'].map(fill => ours.request(server.peer, put('both', filled(fill)), { blockSzx: 3 })),
      );
      assert.ok(answers.every(({ code }) => /^2.0[14]$/.test(code)));
      const kept = text((await ours.request(server.peer, get('both'))).payload);
      assert.ok(kept === text(filled('x')) || kept === text(filled('y')), 'one of them, whole');
    });

    it('is observed: tells small and large states until we leave', async () => {
      await using ours = await openEndpoint(nothing);
      const seen: string[] = [];
      for await (const { payload, observe } of ours.observe(server.peer, get('example_data'))) {
        assert.equal(typeof observe, 'number');
        seen.push(text(payload));
        if (seen.length === 4) break;
        await ours.request(server.peer, put('example_data', filled(String(seen.length))));
      }
      assert.deepEqual(seen.slice(1), ['1', '2', '3'].map(filled).map(text));
      let ticks = 0;
      for await (const { code } of ours.observe(server.peer, get('time'))) {
        assert.equal(code, '2.05');
        if (++ticks === 2) break;
      }
    });
  });
});
