import { EdgetwinError } from '../../common/errors.js';
import { adapterFaultKind } from './adapter-text.js';
import { busOf, guessBus, PROTOCOL_NUMBERS, type BusShape, type ProtocolNumber } from './bus.js';
import type { Elm327 } from './elm327.js';
import { adapterCommand, readRequest } from './services.js';

/** What the set-up of an adapter has found out. */
export interface AdapterIdentity {
  readonly id: string;
  readonly stn?: string;
  readonly isClone: boolean;
  readonly hasHeaders: boolean;
}

/** Releases of the ELM327 that Elm Electronics made; whatever calls itself otherwise is somebody else's. */
const RELEASES: readonly string[] = [
  ...['1.0', '1.0a', '1.1', '1.2', '1.2a', '1.3', '1.3a', '1.4', '1.4b', '2.0', '2.1', '2.2', '2.3'],
];

/** An answer, or `undefined` where the adapter does not know the command or says something else. */
async function tryCommand(adapter: Elm327, text: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await adapter.command(adapterCommand(text), signal)).join(' ');
  } catch (error) {
    if (adapterFaultKind(error) !== undefined) return undefined;
    throw error;
  }
}

/**
 * The adapter from power-on (CONVENTIONS §2: ATZ ATE0 ATL0 ATS0 ATH1 AT RV). Clones that do not know one of the format
 * commands are taken as they are. Nothing here reaches the car. Rejects with OBD_TIMEOUT or OBD_LINK.
 */
export async function setUpAdapter(adapter: Elm327, resetMs: number, signal: AbortSignal): Promise<AdapterIdentity> {
  const banner = await adapter.command(adapterCommand('ATZ'), signal, resetMs);
  const unknown: string[] = [];
  const set = async (command: string): Promise<boolean> => {
    const known = (await tryCommand(adapter, command, signal)) !== undefined;
    if (!known) unknown.push(command);
    return known;
  };
  await set('ATE0');
  await set('ATL0');
  await set('ATS0');
  const hasHeaders = await set('ATH1');
  if (!hasHeaders) await set('ATH0');
  const id = banner.find(line => /ELM|STN|OBD/i.test(line)) ?? (await tryCommand(adapter, 'ATI', signal)) ?? 'unknown';
  const firmware = await tryCommand(adapter, 'STI', signal);
  const isStn = firmware !== undefined && /STN/i.test(firmware);
  const device = isStn ? await tryCommand(adapter, 'STDI', signal) : undefined;
  const release = /v(\d+\.\d+[a-z]?)/i.exec(id)?.[1] ?? '';
  return {
    id,
    ...(isStn ? { stn: [device, firmware].filter(text => text !== undefined).join(', ') } : {}),
    isClone: !isStn && (!RELEASES.includes(release) || unknown.length > 0),
    hasHeaders,
  };
}

/** Below and above this nobody's board is: the adapter does not measure. */
const VOLTS = { least: 4, most: 60 } as const;

/** Volts at the adapter; STN adapters by their own finer command. */
export async function readVoltage(adapter: Elm327, isStn: boolean, signal: AbortSignal): Promise<number | undefined> {
  const text =
    (isStn ? await tryCommand(adapter, 'STVR', signal) : undefined) ?? (await tryCommand(adapter, 'AT RV', signal));
  const volts = Number(/(\d+(?:\.\d+)?)\s*V?/i.exec(text ?? '')?.[1] ?? NaN);
  return volts >= VOLTS.least && volts <= VOLTS.most ? volts : undefined;
}

export interface Found {
  readonly bus: BusShape;
  /** The answer to `0100`. */
  readonly lines: readonly string[];
}

export interface SearchOptions {
  readonly protocol: ProtocolNumber | 'auto';
  readonly hasHeaders: boolean;
  /** Whether each protocol may be tried alone once the adapter's own search has failed: it takes long, and reaches the car each time. */
  readonly tryAll: boolean;
  readonly searchMs: number;
}

/**
 * Finds the bus: `ATSP0` (or the protocol that was set, `ATTPn`), `0100`, `ATDPN`. Rejects with OBD_ADAPTER where no
 * car answers.
 */
export async function findBus(adapter: Elm327, options: SearchOptions, signal: AbortSignal): Promise<Found> {
  const { protocol, tryAll } = options;
  if (protocol !== 'auto') return ask(adapter, `ATTP${protocol}`, options, signal);
  try {
    return await ask(adapter, 'ATSP0', options, signal);
  } catch (error) {
    if (!tryAll || adapterFaultKind(error) !== 'bus') throw error;
    for (const number of PROTOCOL_NUMBERS) {
      try {
        return await ask(adapter, `ATTP${number}`, options, signal);
      } catch (other) {
        signal.throwIfAborted();
        if (!(other instanceof EdgetwinError) || other.code !== 'OBD_ADAPTER') throw other;
      }
    }
    throw error;
  }
}

async function ask(adapter: Elm327, choose: string, options: SearchOptions, signal: AbortSignal): Promise<Found> {
  await adapter.command(adapterCommand(choose), signal);
  const lines = await adapter.command(readRequest(1, [0]), signal, options.searchMs);
  const number = await tryCommand(adapter, 'ATDPN', signal);
  // Some say OK to headers and send none.
  const hasHeaders = options.hasHeaders && !lines.some(line => /^41 ?00/.test(line));
  return { lines, bus: busFrom(number, lines, hasHeaders) };
}

function busFrom(answer: string | undefined, lines: readonly string[], hasHeaders: boolean): BusShape {
  const isNumber = answer !== undefined && /^A?[1-9A]$/i.test(answer.trim());
  return busOf(isNumber ? answer : guessBus(lines), hasHeaders);
}
