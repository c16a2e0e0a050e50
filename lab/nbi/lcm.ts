import type { Timers } from '../../common/clock.js';
import type { Verb } from './operations.js';
import type { NbiWorld, Stored } from './world.js';

/** How an operation ends: after `ms` in this state, or never. */
export type Ending = { readonly ms: number; readonly state: string; readonly detail?: string } | 'never';

/** The machines behind the interface: what a real VIM would start and end. */
export interface Vim {
  /** Resolves with its management address; a rejection fails the operation. */
  boot(nsId: string, vimId: string, cloudInit: string): Promise<string>;
  end(nsId: string): Promise<void>;
}

export interface LcmOptions {
  readonly timers: Timers;
  readonly endingOf?: (verb: Verb, nsId: string) => Ending;
  readonly vim?: Vim;
  /** Told of each operation that begins, and of each that is final: subscriptions. */
  readonly onBegun: (operation: Stored, verb: Verb) => void;
  readonly onFinal: (operation: Stored, verb: Verb) => void;
}

const DONE_MS = 1_500;

/** Stands in for the life-cycle manager behind the interface: operations end as they are told to, and records say so. */
export class Lcm {
  readonly #world: NbiWorld;
  readonly #options: LcmOptions;
  readonly #cancels = new Set<() => void>();
  /** Machines that were started and not ended, whether or not a record still names them. */
  readonly machines = new Set<string>();

  constructor(world: NbiWorld, options: LcmOptions) {
    this.#world = world;
    this.#options = options;
  }

  begin(operation: Stored, verb: Verb): void {
    this.#options.onBegun(operation, verb);
    const nsId = String(operation['nsInstanceId']);
    const ending = this.#options.endingOf?.(verb, nsId) ?? { ms: DONE_MS, state: 'COMPLETED' };
    if (ending === 'never') return;
    const cancel = this.#options.timers.after(ending.ms, () => {
      this.#cancels.delete(cancel);
      void this.#end(operation, verb, nsId, ending);
    });
    this.#cancels.add(cancel);
  }

  close(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  async #end(operation: Stored, verb: Verb, nsId: string, ending: Exclude<Ending, 'never'>): Promise<void> {
    let { state } = ending;
    let detail = ending.detail ?? (state === 'COMPLETED' ? 'Done' : 'failed');
    try {
      if (state === 'COMPLETED') await this.#do(verb, nsId);
    } catch (error) {
      state = 'FAILED';
      detail = String(error);
    }
    const failed = state.startsWith('FAILED') || state === 'ROLLED_BACK';
    Object.assign(operation, {
      operationState: state,
      statusEnteredTime: this.#world.now(),
      'detailed-status': detail,
    });
    if (failed) operation['errorMessage'] = detail;
    this.#settle(verb, nsId, failed, detail);
    this.#options.onFinal(operation, verb);
  }

  async #do(verb: Verb, nsId: string): Promise<void> {
    if (verb === 'instantiate') {
      // The record may be gone: it was deleted under a running order. The machine is started all the same.
      const nsr = this.#world.find('nsrs', nsId);
      const [vnfr] = this.#world.all('vnfrs').filter(one => one['nsr-id-ref'] === nsId);
      const template = this.#world.cloudInits.get(String(vnfr?.['vnfd-id'])) ?? '';
      const cloudInit = filled(template, (vnfr?.['additionalParamsForVnf'] ?? {}) as Record<string, unknown>);
      this.machines.add(nsId);
      const address = await this.#options.vim?.boot(nsId, String(nsr?.['datacenter']), cloudInit);
      if (vnfr !== undefined && address !== undefined) vnfr['ip-address'] = address;
    }
    if (verb === 'terminate') {
      await this.#options.vim?.end(nsId);
      this.machines.delete(nsId);
    }
  }

  #settle(verb: Verb, nsId: string, failed: boolean, detail: string): void {
    const nsr = this.#world.find('nsrs', nsId);
    if (nsr === undefined) return;
    if (verb === 'instantiate') {
      nsr._admin['nsState'] = 'INSTANTIATED';
      Object.assign(nsr, {
        nsState: failed ? 'BROKEN' : 'READY',
        'operational-status': failed ? 'failed' : 'running',
        'config-status': failed ? 'init' : 'configured',
        'detailed-status': detail,
        ...(failed ? { errorDescription: detail } : {}),
      });
    } else if (verb === 'terminate') {
      if (failed) Object.assign(nsr, { 'operational-status': 'failed', 'detailed-status': detail });
      else {
        nsr._admin['nsState'] = 'NOT_INSTANTIATED';
        Object.assign(nsr, {
          nsState: 'NOT_INSTANTIATED',
          'operational-status': 'terminated',
          'config-status': 'terminated',
          'detailed-status': detail,
        });
      }
    }
  }
}

/** As Jinja2 with its strict undefined: a word that nobody gave fails the operation, not the order. */
function filled(template: string, params: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, word: string) => {
    if (params[word] === undefined)
      throw new Error(`Variable '${word}' must be provided in the instantiation parameter 'additionalParamsForVnf'`);
    return String(params[word]);
  });
}
