import { codeOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type { Login } from './login.js';
import {
  addressOf,
  functionIds,
  nsRecordOf,
  operationOf,
  packagesOf,
  vimsOf,
  type NsRecord,
  type Operation,
  type PackageRecord,
  type VimAccount,
} from './records.js';
import type { NbiAnswer } from './transport.js';

/** A package as it is onboarded: tar.gz and its MD5 in hexadecimal. */
export interface PackageFile {
  readonly bytes: Uint8Array;
  readonly md5: string;
}

export interface NsOrder {
  readonly name: string;
  readonly description: string;
  /** The descriptor's id in calls, not its name. */
  readonly nsdId: string;
  readonly vimId: string;
  /** For the cloud-init template of the one function; keys `[a-zA-Z_][a-zA-Z0-9_]*`. */
  readonly params: Readonly<Record<string, string>>;
  /** The VIM's name of the network that the service's `mgmtnet` is. */
  readonly network: string;
  readonly address?: string;
  readonly sshKeys?: readonly string[];
}

/** An order that was taken. `operation` is absent in release 5, which does not tell. */
export interface NsOrdered {
  readonly nsId: string;
  readonly operation: string | undefined;
}

const NS = 'nslcm/v1/ns_instances';
const OPERATIONS = 'nslcm/v1/ns_lcm_op_occs';
const SUBSCRIPTIONS = 'nslcm/v1/subscriptions';
const VNFDS = 'vnfpkgm/v1/vnf_packages';
const NSDS = 'nsd/v1/ns_descriptors';

/**
 * The northbound interface of Open Source MANO (releases 5 to 19), call by call: each rejects as `Login.call` does, and with
 * MANO_REFUSED where an answer has another form than any known release gives.
 */
export class Northbound {
  readonly #login: Login;
  constructor(login: Login) {
    this.#login = login;
  }

  async vims(): Promise<VimAccount[]> {
    return read(await this.#login.call({ method: 'GET', path: 'admin/v1/vim_accounts' }), vimsOf);
  }

  /** Begins to add a VIM account; it can be used once `vims` says ENABLED. */
  async addVim(account: Readonly<Record<string, unknown>>): Promise<string> {
    return idOf(await this.#login.call({ method: 'POST', path: 'admin/v1/vim_accounts', json: account }));
  }

  async packages(kind: 'vnf' | 'ns'): Promise<PackageRecord[]> {
    return read(await this.#login.call({ method: 'GET', path: kind === 'vnf' ? VNFDS : NSDS }), packagesOf);
  }

  /** One step. A name that is there already is MANO_CONFLICT, but in release 5, which takes it and fails later: look first. */
  async onboard(kind: 'vnf' | 'ns', file: PackageFile): Promise<string> {
    return idOf(await this.#login.call({ method: 'POST', path: `${kind === 'vnf' ? VNFDS : NSDS}_content`, file }));
  }

  /** The content of a package that is there already. */
  async replacePackage(kind: 'vnf' | 'ns', id: string, file: PackageFile): Promise<void> {
    const path = kind === 'vnf' ? `${VNFDS}/${id}/package_content` : `${NSDS}/${id}/nsd_content`;
    await this.#login.call({ method: 'PUT', path, file });
  }

  /** Creates and instantiates in one step. */
  async instantiate(order: NsOrder, signal?: AbortSignal): Promise<NsOrdered> {
    const answer = await this.#login.call({ method: 'POST', path: `${NS}_content`, json: bodyOf(order) }, signal);
    const told = (answer.body as { nslcmop_id?: unknown }).nslcmop_id;
    return { nsId: idOf(answer), operation: typeof told === 'string' ? told : undefined };
  }

  /** The first of two steps (SOL 005 §6.4.2.3.1): the record alone. It takes the whole body, too. */
  async create(order: NsOrder): Promise<string> {
    return idOf(await this.#login.call({ method: 'POST', path: NS, json: bodyOf(order) }));
  }

  /** The second one; the answer is the operation. */
  instantiateCreated(nsId: string, order: NsOrder): Promise<string> {
    return this.#operate(nsId, 'instantiate', bodyOf(order));
  }

  scale(nsId: string, group: string, direction: 'SCALE_OUT' | 'SCALE_IN'): Promise<string> {
    return this.#operate(nsId, 'scale', {
      scaleType: 'SCALE_VNF',
      scaleVnfData: {
        scaleVnfType: direction,
        scaleByStepData: { 'scaling-group-descriptor': group, 'member-vnf-index': '1' },
      },
    });
  }

  /** Starts a failed function again (release 12 and later; MANO_UNSUPPORTED before). */
  heal(nsId: string, vnfId: string, vduId: string, cause: string): Promise<string> {
    const vdu = [{ 'vdu-id': vduId, 'count-index': 0 }];
    return this.#operate(nsId, 'heal', {
      healVnfData: [{ vnfInstanceId: vnfId, cause, additionalParams: { 'run-day1': false, vdu } }],
    });
  }

  /** `autoremove` lets the interface delete the record when it is done (release 7 and later; earlier ones ignore or refuse it). */
  terminate(nsId: string, autoremove: boolean): Promise<string> {
    return this.#operate(nsId, 'terminate', autoremove ? { autoremove } : {});
  }

  /**
   * Deletes the record. The caller has seen the last operation final: right after an order the interface deletes the record
   * of a running instantiation without a word and leaves the machine behind.
   */
  async remove(nsId: string): Promise<void> {
    await this.#login.call({ method: 'DELETE', path: `${NS}/${nsId}` });
  }

  async ns(nsId: string): Promise<NsRecord> {
    return read(await this.#login.call({ method: 'GET', path: `${NS}/${nsId}` }), nsRecordOf);
  }

  async list(): Promise<NsRecord[]> {
    return read(await this.#login.call({ method: 'GET', path: NS }), body => (body as unknown[]).map(nsRecordOf));
  }

  async addressOf(nsId: string): Promise<string | undefined> {
    return read(await this.#functionsOf(nsId), addressOf);
  }

  /** Ids of a service's functions, as `heal` names them. */
  async functionsOf(nsId: string): Promise<readonly string[]> {
    return read(await this.#functionsOf(nsId), functionIds);
  }

  async operation(id: string, signal?: AbortSignal): Promise<Operation> {
    return read(await this.#login.call({ method: 'GET', path: `${OPERATIONS}/${id}` }, signal), operationOf);
  }

  /** Oldest first. */
  async operationsOf(nsId: string): Promise<Operation[]> {
    const path = `${OPERATIONS}?nsInstanceId=${encodeURIComponent(nsId)}`;
    const found = read(await this.#login.call({ method: 'GET', path }), body => (body as unknown[]).map(operationOf));
    return found.sort((a, b) => a.startedAtMs - b.startedAtMs);
  }

  /**
   * Asks to be told of instantiations that end: the rest is not told in full by any release (8 and later; MANO_UNSUPPORTED before). The id of the
   * subscription; none where there was one already. The address is tried at once, and has to answer 204.
   */
  async subscribe(callbackUri: string, signal?: AbortSignal): Promise<string | undefined> {
    const filter = {
      notificationTypes: ['NsLcmOperationOccurrenceNotification'],
      operationTypes: ['INSTANTIATE'],
      operationStates: ['COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED', 'FAILED_TEMP'],
    };
    try {
      const json = { CallbackUri: callbackUri, filter };
      return idOf(await this.#login.call({ method: 'POST', path: SUBSCRIPTIONS, json }, signal));
    } catch (error) {
      if (codeOf(error) === 'MANO_CONFLICT') return undefined;
      throw error;
    }
  }

  async unsubscribe(id: string): Promise<void> {
    await this.#login.call({ method: 'DELETE', path: `${SUBSCRIPTIONS}/${id}` });
  }

  #functionsOf(nsId: string): Promise<NbiAnswer> {
    const path = `nslcm/v1/vnf_instances?nsr-id-ref=${encodeURIComponent(nsId)}`;
    return this.#login.call({ method: 'GET', path });
  }

  async #operate(nsId: string, verb: string, json: unknown): Promise<string> {
    const answer = await this.#login.call({ method: 'POST', path: `${NS}/${nsId}/${verb}`, json });
    return idOf(answer);
  }
}

/** `instantiate` in the form that all releases take: no key beyond those of release 5. */
function bodyOf(order: NsOrder): Record<string, unknown> {
  const { name, description, nsdId, vimId, params, network, address, sshKeys } = order;
  return {
    nsName: name,
    nsDescription: description,
    nsdId,
    vimAccountId: vimId,
    ...(sshKeys === undefined ? {} : { ssh_keys: sshKeys }),
    additionalParamsForVnf: [{ 'member-vnf-index': '1', additionalParams: params }],
    vld: [{ name: 'mgmtnet', 'vim-network-name': { [vimId]: network } }],
    ...(address === undefined
      ? {}
      : {
          vnf: [
            {
              'member-vnf-index': '1',
              vdu: [{ id: 'vmd-vm', interface: [{ name: 'eth0', 'ip-address': address }] }],
            },
          ],
        }),
  };
}

function idOf(answer: NbiAnswer): string {
  return read(answer, body => {
    const { id } = body as { id?: unknown };
    if (typeof id !== 'string') throw fault('MANO_REFUSED', `an answer without an id: ${JSON.stringify(body)}`);
    return id;
  });
}

/** What cannot be read is told with the answer, not with the name of a missing key alone. */
function read<T>(answer: NbiAnswer, of: (body: unknown) => T): T {
  try {
    return of(answer.body);
  } catch (cause) {
    if (codeOf(cause) === 'MANO_REFUSED') throw cause;
    throw fault('MANO_REFUSED', `an answer in an unknown form: ${JSON.stringify(answer.body).slice(0, 300)}`, {
      cause,
    });
  }
}
