/**
 * Whether the car may be asked, as a pure machine. A car whose engine is off is left alone: requests keep its control
 * units awake and drain its battery. It is asked again when the voltage at the adapter says that the engine runs, which
 * costs the car nothing to find out. The rules are settings (`obd.runningV`, `obd.parkAfterMs`, `obd.probeMs`).
 */
export interface PowerRules {
  /** At or above this many volts something charges the battery. */
  readonly runningV: number;
  /** Engine off, and voltage below that, for so long: parked. */
  readonly parkAfterMs: number;
  /** The longest time between two requests to a parked car of which the voltage cannot tell whether it still is. */
  readonly probeMs: number;
}

/** A rise by so many volts above the lowest since it was parked is an engine that was started, whatever the calibration. */
const RISE_V = 0.5;
const FIRST_PROBE_MS = 1_000;
/** An adapter that cannot measure, and a car that answers that its engine stands: so many times as long. */
const BLIND_FACTOR = 6;

export type Power =
  | {
      readonly at: 'awake';
      /** Since when the engine stands or the car is silent; absent while it runs. */
      readonly offSinceMs?: number;
      /** The car has not answered since then. */
      readonly isSilent: boolean;
      readonly rpm?: number;
      readonly speedKmh?: number;
      readonly volts?: number;
    }
  | {
      readonly at: 'parked';
      readonly lowestV?: number;
      /** When the car may be asked at the earliest, if there is a reason to. */
      readonly probeAtMs: number;
      readonly waitMs: number;
      /** There is a reason: the voltage, or that there is none to go by. */
      readonly mayProbe: boolean;
    };

export type PowerEvent =
  /** The car answered; values where it told them. */
  | { readonly type: 'answer'; readonly rpm?: number; readonly speedKmh?: number }
  /** The car did not answer, and the adapter is well. */
  | { readonly type: 'silence' }
  /** Measured at the adapter; no volts where it cannot measure. */
  | { readonly type: 'voltage'; readonly volts?: number };

export const AWAKE: Power = { at: 'awake', isSilent: false };

export function stepPower(power: Power, event: PowerEvent, nowMs: number, rules: PowerRules): Power {
  return power.at === 'awake' ? awake(power, event, nowMs, rules) : parked(power, event, nowMs, rules);
}

type Awake = Extract<Power, { at: 'awake' }>;
type Parked = Extract<Power, { at: 'parked' }>;

function awake(power: Awake, event: PowerEvent, nowMs: number, rules: PowerRules): Power {
  const { offSinceMs: _, volts: known, ...rest } = power;
  const volts = event.type === 'voltage' ? event.volts : known;
  const rpm = event.type === 'answer' ? (event.rpm ?? power.rpm) : power.rpm;
  const speedKmh = event.type === 'answer' ? (event.speedKmh ?? power.speedKmh) : power.speedKmh;
  const isSilent = event.type === 'silence' || (event.type === 'voltage' && power.isSilent);
  const isOff = isSilent || (rpm === 0 && (speedKmh ?? 0) === 0);
  const next: Awake = {
    ...rest,
    isSilent,
    ...(rpm === undefined ? {} : { rpm }),
    ...(speedKmh === undefined ? {} : { speedKmh }),
    ...(volts === undefined ? {} : { volts }),
    ...(isOff ? { offSinceMs: power.offSinceMs ?? nowMs } : {}),
  };
  if (next.offSinceMs === undefined) return next;
  const offMs = nowMs - next.offSinceMs;
  const isLow = volts === undefined ? isSilent || offMs >= BLIND_FACTOR * rules.parkAfterMs : volts < rules.runningV;
  return isLow && offMs >= rules.parkAfterMs ? park(volts, FIRST_PROBE_MS, nowMs) : next;
}

function park(volts: number | undefined, waitMs: number, nowMs: number): Parked {
  return {
    at: 'parked',
    ...(volts === undefined ? {} : { lowestV: volts }),
    probeAtMs: nowMs + waitMs,
    waitMs,
    mayProbe: volts === undefined,
  };
}

function parked(power: Parked, event: PowerEvent, nowMs: number, rules: PowerRules): Power {
  if (event.type === 'voltage') {
    const { volts } = event;
    if (volts === undefined) return { ...power, mayProbe: true };
    const lowestV = Math.min(power.lowestV ?? volts, volts);
    return { ...power, lowestV, mayProbe: volts >= rules.runningV || volts >= lowestV + RISE_V };
  }
  // It was asked: a running engine, or a car that does not tell, is awake again; else longer and longer between two.
  if (event.type === 'answer' && event.rpm !== 0)
    return { ...AWAKE, ...(event.rpm === undefined ? {} : { rpm: event.rpm }) };
  const waitMs = Math.min(rules.probeMs, 2 * power.waitMs);
  return { ...power, probeAtMs: nowMs + waitMs, waitMs };
}

/** Whether a parked car is to be asked now whether its engine runs. */
export const isProbeDue = (power: Power, nowMs: number): boolean =>
  power.at === 'parked' && power.mayProbe && nowMs >= power.probeAtMs;
