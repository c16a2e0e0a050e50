import type { Observations } from '../../../../device/doctor/observations.js';

/** A machine on which nothing is set, and what is given besides. */
export const nothingSeen = (more: Partial<Observations> = {}): Observations => ({
  takenAt: '2026-10-01T08:00:00.000Z',
  agent: { at: 'off' },
  car: { at: 'none' },
  gps: { at: 'none' },
  clock: { utcMs: Date.UTC(2026, 9, 1, 8), synchronised: true },
  outbox: { at: 'none' },
  manager: { at: 'none' },
  twin: { at: 'none' },
  ...more,
});
