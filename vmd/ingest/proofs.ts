import { EdgetwinError, codeOf, messageOf } from '../../common/errors.js';
import { delay, type Clock, type Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { decodeTag, UNCONFIRMED_BIT } from '../../protocol/addresses.js';
import type { ConfirmRequest } from '../../protocol/api/sdn-app.js';
import type { Peer } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';
import { isProof } from '../../protocol/proof.js';
import { META, type Report } from '../../protocol/report.js';
import type { SenmlValue } from '../../protocol/senml.js';
import type { TwinStore } from '../../store/types.js';

export type ConfirmResult = 'confirmed' | 'nothing-to-confirm' | 'ambiguous';

export interface ProofsDeps {
  /** The key of a vehicle is in its device row; it is never logged and never leaves the host. */
  readonly store: Pick<TwinStore, 'device'>;
  /** POST /v1/attachments/{vehicle}/confirm at the active sdn-app. */
  readonly confirm: (vehicle: string, request: ConfirmRequest) => Promise<ConfirmResult>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** What is remembered of a vehicle that has proved something here. */
interface Memory {
  readonly key: string;
  /** The highest number that was proven; what is not above it may be a copy of somebody's. */
  boot: number;
  seq: number;
  /** The tag of that report. */
  tag: number;
  /** Tag without the unconfirmed bit that sdn-app needs to hear no more of. */
  settled: number | undefined;
  /** The last question about a tag, and when it was over. */
  last: { readonly tag: number; readonly endedAtMs: number } | undefined;
  asking: boolean;
}

/** Vehicles remembered; the one that proved something longest ago goes first. */
const MEMORIES_MAX = 65_536;
/** Questions to sdn-app that run at once; a vehicle beyond these asks with its next report. */
const ASKING_MAX = 64;
/** Waits before a question is repeated: the copy of the frame may still be on its way to sdn-app. */
const AGAIN_MS = [20, 80, 320] as const;
/** The same tag is asked about no sooner. */
const REST_MS = 1_000;

/**
 * Proof before trust (DESIGN §5): a report that carries a fresh proof and came in by another tag than the one that is known
 * to be the vehicle's is told to sdn-app, which may take that attachment for the vehicle's from then on.
 */
export class Proofs {
  readonly #deps: ProofsDeps;
  readonly #memories = new Map<string, Memory>();
  #asking = 0;
  #away = false;
  readonly #stop = new AbortController();

  constructor(deps: ProofsDeps) {
    this.#deps = deps;
  }

  /** Takes note of a report; it is stored and acknowledged whatever its proof is worth. */
  look(report: Report, { port }: Peer): void {
    const value = report.samples.find(({ name }) => name === META.proof)?.value;
    if (value === undefined || this.#stop.signal.aborted) return;
    const memory = this.#memories.get(report.vehicle);
    if (memory !== undefined) {
      this.#judge(memory, report, value, port);
      return;
    }
    this.#deps.store.device(report.vehicle).then(
      row => {
        if (row === undefined) this.#count('unknown');
        else this.#judge(this.#remember(report.vehicle, row.key), report, value, port);
      },
      (error: unknown) => {
        this.#count('unknown');
        this.#deps.log.warn({ event: 'vmd.proof.unread', vehicle: report.vehicle, error: messageOf(error) });
      },
    );
  }

  stop(): void {
    this.#stop.abort(new Error('the host stops'));
  }

  #remember(vehicle: string, key: string): Memory {
    // Two reports may have waited for the same row.
    const memory = this.#memories.get(vehicle) ?? {
      key,
      boot: 0,
      seq: 0,
      tag: 0,
      settled: undefined,
      last: undefined,
      asking: false,
    };
    this.#memories.set(vehicle, memory);
    const [oldest] = this.#memories.keys();
    if (this.#memories.size > MEMORIES_MAX && oldest !== undefined) this.#memories.delete(oldest);
    return memory;
  }

  #judge(memory: Memory, report: Report, value: SenmlValue, port: number): void {
    const { boot, seq, vehicle } = report;
    if (!isProof(memory.key, report, value)) {
      this.#count('wrong');
      return;
    }
    if (boot < memory.boot || (boot === memory.boot && seq <= memory.seq)) {
      this.#count('stale');
      return;
    }
    this.#count('fresh');
    memory.boot = boot;
    memory.seq = seq;
    memory.tag = port;
    const { unconfirmed, datapath, inPort } = decodeTag(port);
    if (datapath === 0 || inPort === 0 || memory.settled === port) return;
    const { last } = memory;
    const rests = last?.tag === port && this.#deps.clock.monotonicMs() - last.endedAtMs < REST_MS;
    if (memory.asking || rests || this.#asking >= ASKING_MAX) return;
    memory.asking = true;
    this.#asking++;
    void this.#ask(vehicle, { datapath, port: inPort, unconfirmed, boot, seq }, () => memory.tag === port).then(
      result => {
        memory.asking = false;
        this.#asking--;
        memory.last = { tag: port, endedAtMs: this.#deps.clock.monotonicMs() };
        if (result === 'confirmed' || result === 'nothing-to-confirm') memory.settled = port & ~UNCONFIRMED_BIT;
      },
    );
  }

  /** Never rejects; `undefined` where sdn-app could not be reached. `current`: whether the vehicle is still there. */
  async #ask(vehicle: string, request: ConfirmRequest, current: () => boolean): Promise<ConfirmResult | undefined> {
    const { confirm, timers, metrics } = this.#deps;
    let result: ConfirmResult | undefined;
    for (const waitMs of [...AGAIN_MS, undefined]) {
      try {
        result = await confirm(vehicle, request);
        metrics.count('vmd_confirms_total', { result });
        this.#away = false;
        if (result !== 'nothing-to-confirm') return result;
      } catch (error) {
        metrics.count('vmd_confirms_total', { result: codeOf(error) });
        this.#failed(vehicle, error);
        if (error instanceof EdgetwinError && !error.retry) return undefined;
      }
      if (waitMs === undefined) break;
      // Rejects when the host stops, and then there is nothing left to ask.
      const goesOn = await delay(waitMs, this.#stop.signal, timers).then(
        () => true,
        () => false,
      );
      if (!goesOn || !current()) break;
    }
    return result;
  }

  /** Once is enough: an sdn-app that is away for an hour is not worth a thousand lines. */
  #failed(vehicle: string, error: unknown): void {
    if (!this.#away) this.#deps.log.warn({ event: 'vmd.confirm.failed', vehicle, error: messageOf(error) });
    this.#away = true;
  }

  #count(result: 'fresh' | 'stale' | 'wrong' | 'unknown'): void {
    this.#deps.metrics.count('vmd_proofs_total', { result });
  }
}
