import { Agent } from 'undici';
import { messageOf } from '../../common/errors.js';
import type { Answer } from './answer.js';
import { Refused } from './answer.js';
import type { Verb } from './operations.js';
import { checked, type SubscriptionBody } from './schema.js';
import type { NbiWorld, Stored } from './world.js';

/** What a notification calls the operation: not the verb of the standard. */
const SAID: Partial<Record<Verb, string>> = { instantiate: 'INSTANTIATED', terminate: 'TERMINATED' };
const NOT_KNOWN = 'N/A';

/** Subscriptions of operations. Only what the real life-cycle manager publishes in full is sent: the end of instantiations. */
export class Subscriptions implements AsyncDisposable {
  readonly #world: NbiWorld;
  readonly #agent = new Agent({ connect: { timeout: 5_000 } });
  /** For tests: notifications that get lost. */
  losing = false;

  constructor(world: NbiWorld) {
    this.#world = world;
  }

  async create(body: unknown): Promise<Answer> {
    const asked = checked('subscription', body);
    const { filter = {} } = asked;
    const aboutOperations = filter.notificationTypes?.includes('NsLcmOperationOccurrenceNotification') ?? false;
    if (aboutOperations && filter.operationTypes === undefined && filter.operationStates === undefined)
      throw new Refused(
        422,
        `Format error at 'filter' '${JSON.stringify(filter)} is not valid under any of the given schemas' `,
      );
    const kept = {
      ...filter,
      ...(filter.notificationTypes && { notificationTypes: filter.notificationTypes.toSorted() }),
    };
    const twin = this.#world
      .all('subscriptions')
      .find(one => one['CallbackUri'] === asked.CallbackUri && JSON.stringify(one['filter']) === JSON.stringify(kept));
    if (twin !== undefined) throw new Refused(409, `Subscription already exists with id: ${twin._id}`);
    await this.#reach(asked.CallbackUri);
    const id = this.#world.newId();
    this.#world.put('subscriptions', { filter: kept, CallbackUri: asked.CallbackUri, _id: id, schema_version: '1.1' });
    const self = `/osm/nslcm/v1/subscriptions/${id}`;
    return {
      status: 201,
      location: self,
      body: { id, filter: kept, callbackUri: asked.CallbackUri, _links: { self } },
    };
  }

  remove(id: string): Answer {
    this.#world.get('subscriptions', id);
    this.#world.remove('subscriptions', id);
    return { status: 204 };
  }

  async tell(operation: Stored, verb: Verb): Promise<void> {
    if (verb !== 'instantiate' || this.losing) return;
    for (const subscription of this.#world.all('subscriptions')) {
      const filter = subscription['filter'] as NonNullable<SubscriptionBody['filter']>;
      if (!wants(filter, operation)) continue;
      const body = notification(this.#world, subscription._id, operation, verb);
      await this.#post(String(subscription['CallbackUri']), body);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  /** The address is tried first, and must answer exactly 204. */
  async #reach(uri: string): Promise<void> {
    const answer = await this.#agent
      .request({ origin: new URL(uri).origin, path: new URL(uri).pathname, method: 'GET' })
      .catch((error: unknown) => {
        throw new Refused(400, `Cannot access to the notification URL '${uri}': ${messageOf(error)}`);
      });
    await answer.body.dump();
    if (answer.statusCode !== 204)
      throw new Refused(400, `Cannot access to the notification URL '${uri}': status ${answer.statusCode}`);
  }

  /** Counts as delivered with 204 alone; here it is tried once. */
  async #post(uri: string, body: unknown): Promise<void> {
    const { origin, pathname } = new URL(uri);
    const sent = Buffer.from(JSON.stringify(body));
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const answer = await this.#agent
      .request({ origin, path: pathname, method: 'POST', headers, body: sent })
      .catch(() => undefined);
    await answer?.body.dump();
  }
}

/** Only the first key of the instance filter counts. */
function wants(filter: NonNullable<SubscriptionBody['filter']>, operation: Stored): boolean {
  const [first] = Object.entries(filter.nsInstanceSubscriptionFilter ?? {}) as [string, string[]][];
  if (first !== undefined) {
    const params = operation['operationParams'] as Record<string, unknown>;
    const subject = { nsInstanceIds: operation['nsInstanceId'], nsdIds: params['nsdId'] }[first[0]];
    if (!first[1].includes(String(subject))) return false;
  }
  return filter.operationStates?.includes(String(operation['operationState'])) ?? true;
}

function notification(world: NbiWorld, subscriptionId: string, operation: Stored, verb: Verb): unknown {
  const { nsInstance, self } = operation['links'] as { nsInstance: string; self: string };
  return {
    ...{ affectedVnf: NOT_KNOWN, subscriptionId, _links: { nsInstance, self }, id: world.newId() },
    ...{ affectedNs: NOT_KNOWN, operation: SAID[verb], isAutomaticInvocation: NOT_KNOWN, affectedVnffg: NOT_KNOWN },
    ...{ timestamp: operation['startTime'], notificationType: 'NsLcmOperationOccurrenceNotification' },
    ...{ operationState: operation['operationState'], nsLcmOpOccId: NOT_KNOWN, affectedSap: NOT_KNOWN },
    ...{ nsInstanceId: NOT_KNOWN, error: NOT_KNOWN, affectedVl: NOT_KNOWN, notificationStatus: NOT_KNOWN },
  };
}
