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
type Kind = 'NsLcmOperationOccurrenceNotification' | 'NsIdentifierDeletionNotification';

/**
 * Subscriptions of operations. The real life-cycle manager publishes the ends of instantiations alone in full, and without the
 * service's id; `whole-records` is as if it published all that there is of every operation.
 */
export class Subscriptions implements AsyncDisposable {
  readonly #world: NbiWorld;
  readonly #agent = new Agent({ connect: { timeout: 5_000 } });
  /** For tests: notifications that get lost. */
  losing = false;
  publishing: 'ends-of-instantiations' | 'whole-records' = 'ends-of-instantiations';

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

  /** The interface itself says that an end was asked for; that it is done, only where the whole record comes over the bus. */
  async tell(operation: Stored, verb: Verb, when: 'begun' | 'final'): Promise<void> {
    if (this.losing) return;
    const whole = this.publishing === 'whole-records';
    const deletion = verb === 'terminate' && (when === 'begun' || whole);
    const occurrence = when === 'final' && (verb === 'instantiate' || (whole && SAID[verb] !== undefined));
    for (const subscription of this.#world.all('subscriptions')) {
      const filter = subscription['filter'] as NonNullable<SubscriptionBody['filter']>;
      if (!concerns(filter, operation)) continue;
      const about = (kind: Kind): boolean => filter.notificationTypes?.includes(kind) ?? true;
      const uri = String(subscription['CallbackUri']);
      if (deletion && about('NsIdentifierDeletionNotification'))
        await this.#post(uri, deletionOf(subscription._id, operation));
      if (!occurrence || !about('NsLcmOperationOccurrenceNotification')) continue;
      if (filter.operationStates?.includes(String(operation['operationState'])) !== false)
        await this.#post(uri, occurrenceOf(this.#world, subscription._id, operation, verb, whole));
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
function concerns(filter: NonNullable<SubscriptionBody['filter']>, operation: Stored): boolean {
  const [first] = Object.entries(filter.nsInstanceSubscriptionFilter ?? {}) as [string, string[]][];
  if (first === undefined) return true;
  const params = operation['operationParams'] as Record<string, unknown>;
  const subject = { nsInstanceIds: operation['nsInstanceId'], nsdIds: params['nsdId'] }[first[0]];
  return first[1].includes(String(subject));
}

const linksOf = (operation: Stored): { nsInstance: string; self: string } => {
  const { nsInstance, self } = operation['links'] as { nsInstance: string; self: string };
  return { nsInstance, self };
};

function deletionOf(subscriptionId: string, operation: Stored): unknown {
  return {
    ...{ subscriptionId, _links: linksOf(operation), timestamp: operation['startTime'] },
    ...{ nsInstanceId: operation['nsInstanceId'], notificationType: 'NsIdentifierDeletionNotification' },
  };
}

function occurrenceOf(world: NbiWorld, subscriptionId: string, operation: Stored, verb: Verb, whole: boolean): unknown {
  return {
    ...{ affectedVnf: NOT_KNOWN, subscriptionId, _links: linksOf(operation), id: world.newId() },
    ...{ affectedNs: NOT_KNOWN, operation: SAID[verb], affectedVnffg: NOT_KNOWN },
    isAutomaticInvocation: whole ? operation['isAutomaticInvocation'] : NOT_KNOWN,
    ...{ timestamp: operation['startTime'], notificationType: 'NsLcmOperationOccurrenceNotification' },
    ...{ operationState: operation['operationState'], nsLcmOpOccId: NOT_KNOWN, affectedSap: NOT_KNOWN },
    nsInstanceId: whole ? operation['nsInstanceId'] : NOT_KNOWN,
    ...{ error: NOT_KNOWN, affectedVl: NOT_KNOWN, notificationStatus: NOT_KNOWN },
  };
}
