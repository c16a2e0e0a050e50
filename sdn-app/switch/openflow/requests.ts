import type { Timers } from '../../../common/clock.js';
import { fault } from '../../../protocol/errors.js';
import type { Batch, CookieSlice, FlowStats } from '../flow-switch.js';
import type { ReadFlows } from '../led-switch.js';
import { TOO_LONG, decodeRefusal, refused, type SwitchError } from '../refusal.js';
import { Writer } from './bytes.js';
import { namesOf, type ErrorNumbers } from './error-names.js';
import type { Incoming } from './incoming.js';
import { barrier, flowsRequest, leadRequest, type Write } from './messages.js';
import { phasesOf, type Part, type Phase } from './phases.js';
import { metersOf, shapeOf } from './shapes.js';

export interface RequestOptions {
  /** For messages. */
  readonly name: string;
  readonly bundles: boolean;
  readonly timers: Timers;
  readonly deadlineMs: number;
  readonly nextXid: () => number;
  readonly write: (bytes: Uint8Array) => void;
  /** The switch says nothing at all, or leaves out an answer: it is to be given up. */
  readonly onHung: () => void;
}

interface Running {
  readonly what: string;
  readonly start: (running: Running) => void;
  readonly resolve: (answer: ReadFlows) => void;
  readonly reject: (error: Error) => void;
  readonly batch?: Batch;
  readonly phases: Phase[];
  readonly errors: SwitchError[];
  readonly xids: number[];
  readonly flows: FlowStats[];
  foreign: number;
  inOneGo: boolean;
  cancel: () => void;
  /** How many messages had come when it was sent or last got a part of its answer, and how many answers. */
  heardAt: number;
  answeredAt: number;
  turns: number;
}

/** Requests that wait for their answer; more are refused. */
const WAITING_MAX = 4_096;
/** Under way at once: the switch takes one after the other, and with more they would all run out of time together. */
const UNDER_WAY_MAX = 32;
/** While answers to others come the switch is slow, and nothing would be won by asking again: but not for ever. */
const TURNS_MAX = 10;
/** One OpenFlow message. */
const MESSAGE_MAX_BYTES = 65_535;
const NO_FLOWS: ReadFlows = { flows: [], foreign: 0 };

/** What one connection of a switch is asked: requests go out in their order, and answers find their request by xid. */
export class Requests {
  readonly #options: RequestOptions;
  readonly #line: Running[] = [];
  readonly #underWay = new Set<Running>();
  readonly #parts = new Map<number, { readonly running: Running; readonly part?: Part }>();
  /** The batch whose next phase is still to be sent: what comes after it waits. */
  #held: Running | undefined;
  /** Both hold for this connection; a switch that was restarted is another connection. */
  readonly #shapes = new Set<string>();
  readonly #meters = new Set<number>();
  #nextBundle = 0;
  #heard = 0;
  #answered = 0;
  #gone = false;

  constructor(options: RequestOptions) {
    this.#options = options;
  }

  async apply(batch: Batch): Promise<void> {
    await this.#ask('a batch', running => this.#startBatch(running, batch), batch);
  }

  readFlows(slice: CookieSlice): Promise<ReadFlows> {
    return this.#ask('flows', running => this.#send(running, flowsRequest(slice)));
  }

  async lead(term: number): Promise<void> {
    await this.#ask('its role', running => this.#send(running, leadRequest(term)));
  }

  /** Anything that came, also what answers nothing: the switch is alive. */
  heard(message: Incoming): void {
    this.#heard++;
    const found = this.#parts.get(message.xid);
    if (found === undefined) return;
    const { running, part } = found;
    if (message.type === 'error') this.#failed(running, part, message.error);
    else if (message.type === 'barrier') this.#phaseDone(running);
    else if (message.type === 'role') this.#finish(running, NO_FLOWS);
    else if (message.type === 'flows') this.#part(running, message);
  }

  /** The switch hung up: nothing that waits will be answered by it. */
  gone(): void {
    this.#gone = true;
    this.#held = undefined;
    this.#parts.clear();
    for (const running of [...this.#underWay, ...this.#line]) {
      running.cancel();
      running.reject(fault('SWITCH_AWAY', `${this.#options.name} hung up`));
    }
    this.#underWay.clear();
    this.#line.length = 0;
  }

  #ask(what: string, start: (running: Running) => void, batch?: Batch): Promise<ReadFlows> {
    if (this.#gone) return Promise.reject(fault('SWITCH_AWAY', this.#options.name));
    if (this.#line.length >= WAITING_MAX)
      return Promise.reject(fault('SWITCH_AWAY', 'too many requests are unanswered'));
    return new Promise((resolve, reject) => {
      this.#line.push({
        ...{ what, start, resolve, reject, phases: [], errors: [], xids: [], flows: [], foreign: 0 },
        ...{ inOneGo: false, cancel: () => undefined, heardAt: 0, answeredAt: 0, turns: 0 },
        ...(batch === undefined ? {} : { batch }),
      });
      this.#goOn();
    });
  }

  #goOn(): void {
    while (this.#held === undefined && this.#underWay.size < UNDER_WAY_MAX) {
      const running = this.#line.shift();
      if (running === undefined) return;
      this.#underWay.add(running);
      this.#begin(running);
      running.start(running);
    }
  }

  #begin(running: Running): void {
    running.answeredAt = this.#answered;
    running.turns++;
    this.#arm(running);
  }

  #arm(running: Running): void {
    running.heardAt = this.#heard;
    running.cancel();
    running.cancel = this.#options.timers.after(this.#options.deadlineMs, () => {
      const others = running.answeredAt !== this.#answered;
      if (others && running.turns < TURNS_MAX) return this.#begin(running);
      // it stays under way: until its answer comes it is not known what the switch has of it
      running.reject(fault('DEADLINE', `${running.what} at ${this.#options.name}`));
      if (others || running.heardAt === this.#heard) this.#options.onHung();
    });
  }

  #startBatch(running: Running, batch: Batch): void {
    const taken = batch.flows.every(mod => {
      const shape = shapeOf(mod);
      return (shape === undefined || this.#shapes.has(shape)) && metersOf(mod).every(meter => this.#meters.has(meter));
    });
    this.#nextBundle = (this.#nextBundle + 1) % 2 ** 31;
    running.phases.push(...phasesOf(batch, this.#options.bundles ? this.#nextBundle : undefined, taken));
    for (const { op, meter } of batch.meters) if (op === 'delete') this.#meters.delete(meter);
    this.#sendPhase(running);
  }

  #sendPhase(running: Running): void {
    const phase = running.phases[0];
    this.#held = running.phases.length > 1 ? running : undefined;
    const to = new Writer();
    let longest = 0;
    for (const part of phase?.parts ?? []) {
      const from = to.length;
      part.write(to, this.#expect(running, part));
      longest = Math.max(longest, to.length - from);
    }
    if (longest > MESSAGE_MAX_BYTES) return this.#end(running, () => running.reject(refused(TOO_LONG)));
    barrier(to, this.#expect(running));
    this.#options.write(to.bytes);
  }

  #send(running: Running, write: Write): void {
    const to = new Writer(64);
    write(to, this.#expect(running));
    this.#options.write(to.bytes);
  }

  #expect(running: Running, part?: Part): number {
    const xid = this.#options.nextXid();
    this.#parts.set(xid, part === undefined ? { running } : { running, part });
    running.xids.push(xid);
    return xid;
  }

  #failed(running: Running, part: Part | undefined, error: ErrorNumbers): void {
    const { ignored, change } = part ?? {};
    if (ignored?.type === error.type && ignored.code === error.code) return;
    running.errors.push({ ...namesOf(error), ...(change === undefined ? {} : { index: change }) });
    // of a part of a batch, the barrier follows
    if (part === undefined) this.#finish(running, NO_FLOWS);
  }

  #phaseDone(running: Running): void {
    const phase = running.phases.shift();
    if (running.errors.length > 0) {
      // answers to it find nobody: the bundle is gone either way
      for (const { write } of phase?.undo ?? []) {
        const to = new Writer(64);
        write(to, this.#options.nextXid());
        this.#options.write(to.bytes);
      }
      if (phase?.atOnce) {
        this.#shapes.clear();
        running.inOneGo = true;
      }
      running.phases.length = 0;
    }
    // a commit may fail for a message of the phase before, so those xids stay known
    if (running.phases.length > 0) this.#sendPhase(running);
    else this.#finish(running, NO_FLOWS);
    this.#goOn();
  }

  #part(running: Running, message: Extract<Incoming, { type: 'flows' }>): void {
    for (const flow of message.flows) running.flows.push(flow);
    running.foreign += message.foreign;
    if (message.more) this.#arm(running);
    else this.#finish(running, { flows: running.flows, foreign: running.foreign });
  }

  #finish(running: Running, answer: ReadFlows): void {
    this.#answered++;
    const { errors, batch } = running;
    if (errors.length === 0 && batch !== undefined) this.#learn(batch);
    this.#end(running, () => {
      if (errors.length === 0) running.resolve(answer);
      else running.reject(refused(decodeRefusal(errors, detailOf(running))));
    });
  }

  #end(running: Running, tell: () => void): void {
    running.cancel();
    for (const xid of running.xids) this.#parts.delete(xid);
    this.#underWay.delete(running);
    if (this.#held === running) this.#held = undefined;
    tell();
    this.#goOn();
  }

  /** A switch that took these without an error takes their like. */
  #learn(batch: Batch): void {
    for (const mod of batch.flows) {
      const shape = shapeOf(mod);
      if (shape !== undefined) this.#shapes.add(shape);
    }
    for (const { op, meter } of batch.meters) if (op === 'set') this.#meters.add(meter);
  }
}

function detailOf({ errors, inOneGo }: Running): string {
  const [first] = errors;
  const detail = `${first?.typeName}/${first?.codeName}, ${errors.length} in all`;
  // the commit had no error: the switch left out what it had always taken before
  const inPart = inOneGo && errors.every(({ index }) => index !== undefined);
  return inPart ? `${detail}; the rest was applied` : detail;
}
