import { z } from 'zod';
import type { CarLoop } from './car-loop.js';

/** What `/v1/status` tells of the way to the car, and of what it achieves. */
export const carStatus = z.object({
  state: z.enum(['away', 'connecting', 'polling', 'parked']),
  link: z.string().optional(),
  adapter: z.string().optional(),
  stn: z.string().optional(),
  isClone: z.boolean().optional(),
  bus: z.string().optional(),
  controlUnits: z.array(z.string()).optional(),
  /** PIDs of service 01 that the car supports, hexadecimal. */
  pids: z.array(z.string()).optional(),
  pidsPerRequest: z.int().optional(),
  voltageV: z.number().optional(),
  turnAroundMs: z.number().optional(),
  /** Samples a second by wire name, and those that the tiers ask for. */
  rates: z.record(z.string(), z.object({ hz: z.number(), wantedHz: z.number() })).optional(),
});
export type CarStatus = z.infer<typeof carStatus>;

const rounded = (value: number): number => Number(value.toPrecision(3));
const hex = (pid: number): string => pid.toString(16).toUpperCase().padStart(2, '0');

/** The status of a car now; without a link there is nothing but that. */
export function carStatusOf(car: CarLoop): CarStatus {
  const { state, adapter, achieved } = car;
  if (adapter === undefined) return { state };
  const { facts, supported, batchMax } = adapter;
  const { turnAroundMs, signals } = achieved ?? { turnAroundMs: undefined, signals: new Map() };
  const rates = [...signals].map(([wire, { hz, wantedHz }]) => [
    wire,
    { hz: rounded(hz), wantedHz: rounded(wantedHz) },
  ]);
  return {
    state,
    adapter: facts.id,
    isClone: facts.isClone,
    controlUnits: [...facts.ecus],
    pids: [...supported].sort((x, y) => x - y).map(hex),
    pidsPerRequest: batchMax,
    rates: Object.fromEntries(rates) as Record<string, { hz: number; wantedHz: number }>,
    ...(facts.link === undefined ? {} : { link: facts.link }),
    ...(facts.stn === undefined ? {} : { stn: facts.stn }),
    ...(facts.bus === undefined ? {} : { bus: facts.bus.name }),
    ...(facts.voltage === undefined ? {} : { voltageV: facts.voltage }),
    ...(turnAroundMs === undefined ? {} : { turnAroundMs: rounded(turnAroundMs) }),
  };
}
