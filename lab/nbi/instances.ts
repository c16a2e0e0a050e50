import type { Answer } from './answer.js';
import { Refused } from './answer.js';
import type { Lcm } from './lcm.js';
import { recordsOf } from './ns-records.js';
import { openOperation, type Verb } from './operations.js';
import { checked, formOf, type Order } from './schema.js';
import type { NbiWorld, Stored } from './world.js';

const NS = '/osm/nslcm/v1/ns_instances';

/** Network services: orders, and the operations that they make. */
export class Instances {
  readonly #world: NbiWorld;
  readonly #lcm: Lcm;
  /** Services whose record goes when their end is done. */
  readonly #autoremove = new Set<string>();

  constructor(world: NbiWorld, lcm: Lcm) {
    this.#world = world;
    this.#lcm = lcm;
  }

  /** Of two steps the first. */
  create(body: unknown): Answer {
    const { nsr } = this.#order(body);
    const id = nsr._id;
    return { status: 201, location: `${NS}/${id}`, body: this.#world.profile.bothIds ? { _id: id, id } : { id } };
  }

  /** Both steps in one. */
  createAndInstantiate(body: unknown): Answer {
    const { order, nsr } = this.#order(body);
    const operation = this.#begin(nsr._id, 'instantiate', order);
    const { namesOperation, namesService } = this.#world.profile;
    return {
      status: 201,
      location: `${NS}_content/${nsr._id}`,
      body: {
        id: nsr._id,
        ...(namesOperation ? { nslcmop_id: operation._id } : {}),
        ...(namesService ? { nsName: order.nsName } : {}),
      },
    };
  }

  instantiate(id: string, body: unknown): Answer {
    const nsr = this.#world.get('nsrs', id);
    const order = this.#checkedOrder(body);
    if (nsr._admin['nsState'] === 'INSTANTIATED')
      throw new Refused(409, `ns_instance '${id}' cannot be 'instantiate' because it is already instantiated`);
    const [vnfr] = this.#world.all('vnfrs').filter(one => one['nsr-id-ref'] === id);
    const params = order.additionalParamsForVnf?.[0]?.additionalParams;
    if (vnfr !== undefined && params !== undefined) vnfr['additionalParamsForVnf'] = params;
    return this.#accepted(nsr, this.#begin(id, 'instantiate', order));
  }

  terminate(id: string, body: unknown): Answer {
    const { profile } = this.#world;
    const asked = checked(formOf('terminate', profile), body) as { autoremove?: boolean };
    const nsr = this.#world.get('nsrs', id);
    if (nsr._admin['nsState'] !== 'INSTANTIATED')
      throw new Refused(409, `ns_instance '${id}' cannot be 'terminate' because it is not instantiated`);
    if (asked.autoremove === true) this.#autoremove.add(id);
    return this.#accepted(nsr, this.#begin(id, 'terminate', {}));
  }

  scale(id: string, body: unknown): Answer {
    return this.#change(id, 'scale', checked('scale', body));
  }

  heal(id: string, body: unknown): Answer {
    return this.#change(id, 'heal', checked('heal', body));
  }

  migrate(id: string, body: unknown): Answer {
    return this.#change(id, 'migrate', checked('migrate', body));
  }

  /** Our functions have no day-2 primitives. */
  action(id: string, body: unknown): Answer {
    this.#world.get('nsrs', id);
    const { primitive } = checked('action', body);
    throw new Refused(400, `Invalid primitive '${primitive}' is not present at vnfd/nsd`);
  }

  /** Refuses only what says INSTANTIATED, which an order just given does not yet: then its machine is left behind. */
  remove(id: string, force: boolean): Answer {
    const nsr = this.#world.get('nsrs', id);
    if (nsr._admin['nsState'] === 'INSTANTIATED' && !force) {
      const why = "it is in 'INSTANTIATED' state. Launch 'terminate' operation first; or force deletion";
      throw new Refused(409, `nsr '${id}' cannot be deleted because ${why}`);
    }
    this.forget(id);
    return { status: 204 };
  }

  /** `DELETE ns_instances_content/…`: terminate with autoremove; what was never instantiated is answered 204 and kept. */
  removeContent(id: string): Answer {
    const nsr = this.#world.get('nsrs', id);
    if (nsr._admin['nsState'] !== 'INSTANTIATED') return { status: 204 };
    this.#autoremove.add(id);
    const operation = this.#begin(id, 'terminate', {});
    return { status: 202, body: { _id: operation._id } };
  }

  forget(id: string): void {
    this.#world.remove('nsrs', id);
    for (const vnfr of this.#world.all('vnfrs')) if (vnfr['nsr-id-ref'] === id) this.#world.remove('vnfrs', vnfr._id);
    this.#autoremove.delete(id);
  }

  /** After an operation: records that were to go with it. Release 8 was seen to keep them. */
  ended(nsId: string, verb: Verb, done: boolean): void {
    if (verb === 'terminate' && done && this.#autoremove.has(nsId) && this.#world.profile.name === 'R19')
      this.forget(nsId);
  }

  #checkedOrder(body: unknown): Order {
    return checked(formOf('instantiate', this.#world.profile), body) as Order;
  }

  #order(body: unknown): { order: Order; nsr: Stored } {
    const order = this.#checkedOrder(body);
    const nsd = this.#world.get('nsds', order.nsdId, ` while 'getting nsd id='${order.nsdId}' from database'`);
    if (nsd._admin['operationalState'] !== 'ENABLED')
      throw new Refused(409, `nsd with id '${order.nsdId}' is not in 'ENABLED' state`);
    this.#world.get('vims', order.vimAccountId);
    return { order, nsr: recordsOf(this.#world, order, nsd).nsr };
  }

  #change(id: string, verb: Verb, params: Record<string, unknown>): Answer {
    const nsr = this.#world.get('nsrs', id);
    if (nsr._admin['nsState'] !== 'INSTANTIATED')
      throw new Refused(409, `ns_instance '${id}' cannot be '${verb}' because it is not instantiated`);
    return this.#accepted(nsr, this.#begin(id, verb, params));
  }

  #begin(id: string, verb: Verb, params: Record<string, unknown>): Stored {
    const operation = openOperation(this.#world, id, verb, params);
    this.#lcm.begin(operation, verb);
    return operation;
  }

  #accepted(nsr: Stored, operation: Stored): Answer {
    const { accepted, namesService } = this.#world.profile;
    return {
      status: accepted,
      location: `/osm/nslcm/v1/ns_lcm_op_occs/${operation._id}`,
      body: { id: operation._id, ...(namesService ? { nsName: nsr['name'] } : {}) },
    };
  }
}
