import assert from 'node:assert/strict';
import { z } from 'zod';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { openHttp, type HttpServer } from '../../../protocol/api/http-server.js';
import { route } from '../../../protocol/api/route.js';
import { confirmAnswer, confirmRequest, type ConfirmRequest } from '../../../protocol/api/sdn-app.js';
import { fault } from '../../../protocol/errors.js';
import { METRICS } from '../../../protocol/metrics.js';
import { openSdnClient } from '../../../vmd/ingest/sdn-client.js';

const REQUEST: ConfirmRequest = { datapath: 1, port: 7, boot: 1, seq: 5 };

async function sdnApp(
  answer: () => z.infer<typeof confirmAnswer>,
): Promise<HttpServer & { readonly heard: unknown[] }> {
  const heard: unknown[] = [];
  const confirm = route({
    method: 'POST',
    path: '/v1/attachments/{vehicle}/confirm',
    summary: 'an attachment that a message has proven',
    params: z.strictObject({ vehicle: z.string() }),
    body: confirmRequest,
    answer: confirmAnswer,
    handle: ({ params, body }) => {
      heard.push({ ...params, ...body });
      return answer();
    },
  });
  const listen = { address: '127.0.0.1', port: 0 };
  const options = { part: 'sdn-app', listen, routes: [confirm], log: silentLog, metrics: new Metrics(METRICS) };
  return Object.assign(await openHttp(options), { heard });
}

describe('vmd, telling sdn-app', () => {
  it('posts what was proven, and gives the answer', async () => {
    await using app = await sdnApp(() => ({ result: 'confirmed' }));
    await using client = openSdnClient([app.url]);
    assert.equal(await client.confirm('car-7', REQUEST), 'confirmed');
    assert.deepEqual(app.heard, [{ vehicle: 'car-7', ...REQUEST }]);
  });

  it('goes on to the next of the list when one cannot answer, and stays with the one that does', async () => {
    await using standby = await sdnApp(() => {
      throw fault('AUTHORITY_AWAY', 'this sdn-app is not the active one');
    });
    await using active = await sdnApp(() => ({ result: 'ambiguous' }));
    await using client = openSdnClient([standby.url, active.url]);
    await assert.rejects(client.confirm('car-7', REQUEST), { code: 'AUTHORITY_AWAY' });
    assert.equal(await client.confirm('car-7', REQUEST), 'ambiguous');
    assert.equal(await client.confirm('car-7', REQUEST), 'ambiguous');
    assert.deepEqual([standby.heard.length, active.heard.length], [1, 2]);
  });

  it('stays where the vehicle is what is refused', async () => {
    await using app = await sdnApp(() => {
      throw fault('REQUEST_INVALID', 'no');
    });
    await using other = await sdnApp(() => ({ result: 'confirmed' }));
    await using client = openSdnClient([app.url, other.url]);
    for (let i = 0; i < 2; i++) await assert.rejects(client.confirm('car-7', REQUEST), { code: 'REQUEST_INVALID' });
    assert.equal(other.heard.length, 0);
  });
});
