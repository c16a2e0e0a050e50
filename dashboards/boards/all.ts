import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { BoardName } from '../kit/names.js';
import { domains } from './domains.js';
import { fleet } from './fleet.js';
import { handover } from './hand-over.js';
import { operations } from './operations.js';
import { store } from './store.js';
import { vehicle } from './vehicle.js';

/** Every dashboard by its name. */
export const ALL: Readonly<Record<BoardName, () => Dashboard>> = {
  fleet,
  vehicle,
  handover,
  domains,
  store,
  operations,
};
