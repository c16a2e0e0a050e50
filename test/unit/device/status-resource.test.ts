import assert from 'node:assert/strict';
import type { AgentStatus } from '../../../device/agent-deps.js';
import { withStatus } from '../../../device/status-resource.js';
import type { CoapHandler, CoapRequest, Exchange } from '../../../protocol/coap/types.js';

const EXCHANGE: Exchange = {
  peer: { address: '127.0.0.1', port: 5_683 },
  messageId: 1,
  token: new Uint8Array(0),
  confirmable: true,
};
const ask = (handler: CoapHandler, request: Partial<CoapRequest>) =>
  handler({ method: 'GET', path: ['status'], ...request }, EXCHANGE);
const next: CoapHandler = request => ({ code: '2.05', payload: Buffer.from(request.path.join('/')) });

describe('the status of a device by CoAP', () => {
  it('is the status as JSON once there is one', async () => {
    const status = { vehicle: 'car-1', boot: 3 } as unknown as AgentStatus;
    let found: AgentStatus | undefined = undefined;
    const handler = withStatus(() => found, next);
    assert.equal((await ask(handler, {})).code, '5.03');
    found = status;
    const response = await ask(handler, {});
    assert.deepEqual(
      [response.code, response.contentFormat, JSON.parse(Buffer.from(response.payload ?? []).toString())],
      ['2.05', 50, status],
    );
  });

  it('is read alone, and leaves every other path to others', async () => {
    const handler = withStatus(() => undefined, next);
    assert.equal((await ask(handler, { method: 'PUT' })).code, '4.05');
    for (const path of [['s', 'status'], ['status', 'x'], []])
      assert.equal(Buffer.from((await ask(handler, { path })).payload ?? []).toString(), path.join('/'));
  });
});
