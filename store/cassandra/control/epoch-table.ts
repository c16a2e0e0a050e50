import { delay } from '../../../common/clock.js';
import { backoff } from '../../../common/retry.js';
import { fault } from '../../../protocol/errors.js';
import { statement } from '../consistency.js';
import type { Row } from '../driver.js';
import { CONTENTION, compareAndSet, readSerial, type Cas, type CasDeps } from './cas.js';
import { bigintOf, textOf } from './columns.js';

const FIRST = statement(
  'epoch.first',
  'INSERT INTO {control}.epoch (vehicle, burnt, burn) VALUES (?, ?, ?) IF NOT EXISTS',
);
const BURN = statement(
  'epoch.burn',
  'UPDATE {control}.epoch SET burnt = ?, burn = ? WHERE vehicle = ? IF burnt = ? AND burn = ?',
);
const READ = statement('epoch.read', 'SELECT burnt, burn FROM {control}.epoch WHERE vehicle = ?');
const LOOK = statement('epoch.look', 'SELECT burnt, burn FROM {control}.epoch WHERE vehicle = ?');
const CLAIMED = statement('epoch.claimed', 'SELECT epoch FROM {control}.owner WHERE vehicle = ?');
const LIST = statement('epoch.list', 'SELECT vehicle, burnt FROM {control}.epoch');

const TRIES = 100;

interface Held {
  readonly burnt: number;
  /** The burn that it was given to. */
  readonly burn: string;
}

/**
 * The highest epoch of each vehicle that was given to somebody. The row names the burn that has it: after an outcome that is
 * unknown, a burn that finds itself there has its epoch, and one that finds another has lost whatever it was given and
 * takes a new one. So none is given twice.
 */
export class EpochTable {
  readonly #deps: CasDeps;
  readonly #newId: () => string;

  constructor(deps: CasDeps, newId: () => string) {
    this.#deps = deps;
    this.#newId = newId;
  }

  /**
   * Above every burnt one, every claimed one and `above`. STORE_AWAY where others are quicker for long. It begins with what a majority
   * tells; where that is not the newest, the condition of the set finds out.
   */
  async burn(vehicle: string, above: number): Promise<number> {
    const burn = this.#newId();
    const { session } = this.#deps;
    const [[row], [owner]] = await Promise.all([session.run(LOOK, [vehicle]), session.run(CLAIMED, [vehicle])]);
    let held = row === undefined ? undefined : heldOf(row);
    // A claimed epoch counts as burnt, whoever burnt it: arming and tickets use highest seen + 1.
    const floor = Math.max(above, owner === undefined ? 0 : bigintOf(owner, 'epoch'));
    const pauses = backoff(CONTENTION, this.#deps.random);
    for (let tries = 0; tries < TRIES; tries++) {
      const burnt = Math.max(held?.burnt ?? 0, floor) + 1;
      const cas = await this.#set(vehicle, { burnt, burn }, held);
      if (cas.is === 'applied') return burnt;
      held = cas.is === 'refused' ? heldOf(cas.held) : await this.#read(vehicle);
      if (held?.burn === burn) return held.burnt;
      await delay(pauses.next().value, undefined, this.#deps.timers);
    }
    throw fault('STORE_AWAY', `epoch of ${vehicle}: others were quicker ${TRIES} times`);
  }

  async highest(vehicle: string): Promise<number> {
    return (await this.#read(vehicle))?.burnt ?? 0;
  }

  async list(): Promise<Map<string, number>> {
    const highest = new Map<string, number>();
    for await (const row of this.#deps.session.pages(LIST, []))
      highest.set(textOf(row, 'vehicle'), bigintOf(row, 'burnt'));
    return highest;
  }

  #set(vehicle: string, next: Held, held: Held | undefined): Promise<Cas> {
    const burnt = BigInt(next.burnt);
    return held === undefined
      ? compareAndSet(this.#deps, FIRST, [vehicle, burnt, next.burn])
      : compareAndSet(this.#deps, BURN, [burnt, next.burn, vehicle, BigInt(held.burnt), held.burn]);
  }

  async #read(vehicle: string): Promise<Held | undefined> {
    const row = await readSerial(this.#deps, READ, [vehicle]);
    return row === undefined ? undefined : heldOf(row);
  }
}

/** `undefined` where the condition met no row. */
const heldOf = (row: Row): Held | undefined =>
  row['burn'] === undefined || row['burn'] === null
    ? undefined
    : { burnt: bigintOf(row, 'burnt'), burn: textOf(row, 'burn') };
