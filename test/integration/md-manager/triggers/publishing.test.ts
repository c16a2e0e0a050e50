import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { Contract } from '../../../../lab/triggers/contract.js';
import { eventually } from '../../../fakes/eventually.js';
import { attachmentIn } from '../../../fakes/host-refs.js';
import { Lab } from '../lab.js';

type Bag = Record<string, unknown>;

/** Somebody who is told of hand-overs; what comes is held against the contract. */
class Subscriber implements AsyncDisposable {
  readonly told: Bag[] = [];
  readonly faults: string[] = [];
  /** Statuses of its next answers; then 204. */
  readonly statuses: number[] = [];
  readonly #contract = Contract.of('mec-mobility');
  readonly #server: Server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Bag;
      const status = this.statuses.shift() ?? 204;
      if (status === 204) this.told.push(body);
      const fault = this.#contract.fault(String(body['notificationType']), body);
      if (fault !== undefined) this.faults.push(fault);
      response.writeHead(status).end();
    })();
  });

  static async open(): Promise<Subscriber> {
    const subscriber = new Subscriber();
    await new Promise<void>(resolve => subscriber.#server.listen(0, '127.0.0.1', resolve));
    return subscriber;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/told`;
  }

  of(kind: string): Bag[] {
    return this.told.filter(one => one['notificationType'] === kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

const SUBSCRIPTIONS = '/amsi/v1/subscriptions';
const made = z.looseObject({ _links: z.object({ self: z.object({ href: z.string() }) }) });
const mobility = (subscriber: Subscriber, filterCriteria: Bag = {}): Bag => ({
  ...{ subscriptionType: 'MobilityProcedureSubscription', callbackReference: subscriber.url, filterCriteria },
});

async function subscribe(lab: Lab, body: Bag): Promise<string> {
  const { _links } = await lab.api.call('POST', SUBSCRIPTIONS, { body, answer: made });
  return new URL(_links.self.href).pathname;
}

describe('hand-overs, told to others as MEC 021 names them', function () {
  this.timeout(60_000);
  const car1 = [{ type: 'UE_IPv4_ADDRESS', value: attachmentIn('edge-1').source.address }];

  it('are told when they begin and when they are done, with the host that the vehicle goes to', async () => {
    await using lab = await Lab.open();
    await using subscriber = await Subscriber.open();
    await using other = await Subscriber.open();
    await lab.register('car-1');
    await lab.move('car-1', 'edge-1');
    await lab.until(async () => (await lab.vehicle('car-1')).handover === undefined);
    await subscribe(lab, { ...mobility(subscriber), requestTestNotification: true });
    await subscribe(lab, mobility(other, { associateId: [{ type: 'UE_IPv4_ADDRESS', value: '10.0.0.1' }] }));
    await eventually('it is tested', () => subscriber.of('TestNotification').length === 1);
    subscriber.statuses.push(503);
    await lab.move('car-1', 'edge-2');
    await eventually('it was told of both', () => subscriber.of('MobilityProcedureNotification').length === 2);
    const { acting } = await lab.vehicle('car-1');
    assert.deepEqual(
      subscriber
        .of('MobilityProcedureNotification')
        .map(one => [one['mobilityStatus'], one['associateId'], (one['targetAppInfo'] as Bag)['appInstanceId']]),
      [
        ['INTERHOST_MOVEOUT_TRIGGERED', car1, acting?.host],
        ['INTERHOST_MOVEOUT_COMPLETED', car1, acting?.host],
      ],
    );
    assert.deepEqual([subscriber.faults, other.told], [[], []]);
  });

  it('are told for as long as a subscription is there: it can be read, changed, listed and ended', async () => {
    await using lab = await Lab.open();
    await using subscriber = await Subscriber.open();
    const path = await subscribe(lab, mobility(subscriber));
    const answer = made;
    assert.equal((await lab.api.call('GET', path, { answer }))['callbackReference'], subscriber.url);
    const changed = {
      ...mobility(subscriber),
      expiryDeadline: { seconds: Math.floor(Date.now() / 1000) + 90, nanoSeconds: 0 },
    };
    assert.deepEqual(
      (await lab.api.call('PUT', path, { body: changed, answer }))['expiryDeadline'],
      changed.expiryDeadline,
    );
    const list = z.object({ _links: z.object({ subscription: z.array(z.object({ href: z.string() })) }) });
    const query = '?subscriptionType=MobilityProcedureSubscription';
    const listed = await lab.api.call('GET', `${SUBSCRIPTIONS}${query}`, { answer: list });
    assert.deepEqual(listed._links.subscription.map(({ href }) => new URL(href).pathname), [path]); // prettier-ignore
    await lab.api.call('DELETE', path);
    for (const method of ['GET', 'DELETE'] as const)
      await assert.rejects(lab.api.call(method, path), { code: 'NOT_FOUND' });
    await assert.rejects(lab.api.call('PUT', path, { body: changed }), { code: 'NOT_FOUND' });
    for (const wrong of [{}, { ...mobility(subscriber), callbackReference: 'ftp://x/' }, { subscriptionType: 'Other' }])
      await assert.rejects(lab.api.call('POST', SUBSCRIPTIONS, { body: wrong }), { code: 'REQUEST_INVALID' });
  });

  it('are told by the next leader to whoever subscribed at the one before', async () => {
    await using lab = await Lab.open();
    await using subscriber = await Subscriber.open();
    await lab.register('car-1');
    await lab.move('car-1', 'edge-1');
    await lab.until(async () => (await lab.vehicle('car-1')).handover === undefined);
    const path = await subscribe(lab, mobility(subscriber));
    await lab.stop();
    await lab.start();
    assert.equal((await lab.api.call('GET', path, { answer: made }))['callbackReference'], subscriber.url);
    await lab.move('car-1', 'edge-2');
    await eventually('it was told of both', () => subscriber.of('MobilityProcedureNotification').length === 2);
    assert.deepEqual(subscriber.faults, []);
    await lab.api.call('DELETE', path);
  });

  it('are told to applications that have registered themselves with their devices, also by the next leader', async () => {
    await using lab = await Lab.open();
    await using subscriber = await Subscriber.open();
    const contract = Contract.of('mec-mobility');
    const services = '/amsi/v1/app_mobility_services';
    const app = z.looseObject({ appMobilityServiceId: z.string() });
    const registration = (associateId: Bag): Bag => ({
      serviceConsumerId: { appInstanceId: 'their-app' },
      deviceInformation: [{ associateId, contextTransferState: 'NOT_TRANSFERRED' }],
      expiryTime: 600,
    });
    await lab.register('car-1');
    await lab.move('car-1', 'edge-1');
    await lab.until(async () => (await lab.vehicle('car-1')).handover === undefined);
    await subscribe(lab, mobility(subscriber, { appInstanceId: 'their-app' }));
    const body = JSON.stringify(registration({ type: 'UE_IPv4_ADDRESS', value: '10.0.0.1' }));
    const headers = { 'content-type': 'application/json' };
    const posted = await fetch(lab.api.url + services, { method: 'POST', headers, body });
    const { appMobilityServiceId: id } = app.parse(await posted.json());
    assert.deepEqual([posted.status, posted.headers.get('location')], [201, `${lab.api.url}${services}/${id}`]);
    const changed = await lab.api.call('PUT', `${services}/${id}`, { body: registration(car1[0]!), answer: app });
    assert.equal(contract.fault('RegistrationInfo', changed), undefined);
    await lab.stop();
    await lab.start();
    assert.deepEqual(await lab.api.call('GET', services, { answer: z.array(app) }), [changed]);
    assert.deepEqual(await lab.api.call('GET', `${services}/${id}`, { answer: app }), changed);
    await lab.move('car-1', 'edge-2');
    await eventually('it was told of both', () => subscriber.of('MobilityProcedureNotification').length === 2);
    await lab.api.call('POST', `${services}/${id}/deregister_task`);
    for (const method of ['GET', 'DELETE'] as const)
      await assert.rejects(lab.api.call(method, `${services}/${id}`), { code: 'NOT_FOUND' });
    await assert.rejects(lab.api.call('POST', services, { body: { serviceConsumerId: {} } }), {
      code: 'REQUEST_INVALID',
    });
  });

  it('and so are the hosts around one, when they change', async () => {
    await using lab = await Lab.open();
    await lab.stop();
    await lab.start({ topology: lab.topology });
    await lab.until(async () => (await fetch(`${lab.api.url}/readyz`)).ok);
    await using subscriber = await Subscriber.open();
    const adjacent = z.array(z.looseObject({ appInstanceId: z.string() }));
    const names = async (of: string): Promise<string[]> =>
      (
        await lab.api.call('GET', `/amsi/v1/queries/adjacent_app_instances?appInstanceId=${of}`, { answer: adjacent })
      ).map(({ appInstanceId }) => appInstanceId);
    const hosts = [...lab.mano.hosts.keys()].filter(host => host.startsWith('edge-2/')).sort();
    const own = [...lab.mano.hosts.keys()].find(host => host.startsWith('edge-1/'));
    assert.ok(own !== undefined && hosts.length > 0);
    assert.deepEqual((await names(own)).sort(), hosts);
    assert.deepEqual(await names('edge-9/1'), []);
    const subscriptionType = 'AdjacentAppInfoSubscription';
    const filterCriteria = { appInstanceId: own };
    await subscribe(lab, { ...{ subscriptionType, callbackReference: subscriber.url, filterCriteria } });
    await eventually('it was told', () => subscriber.of('AdjacentAppInfoNotification').length === 1);
    assert.deepEqual(subscriber.faults, []);
  });
});
