import { z } from 'zod';
import { settingsRecord, type SettingsRecord } from '../../protocol/api/md-manager.js';
import type { DesiredSettings } from '../../protocol/settings.js';
import { toWire } from '../../protocol/settings.js';
import { fault } from '../../protocol/errors.js';
import type { SettingsRow } from '../../store/types.js';

/** What the store holds as JSON. */
const desired = settingsRecord.shape.desired.omit({ version: true });
const reported = settingsRecord.shape.reported;

/** Throws STORE_SCHEMA where the row was written by a release that this one does not read. */
export function recordOf(row: SettingsRow): SettingsRecord {
  const { vehicle, version } = row;
  const found = z.object({ desired, reported }).safeParse(row);
  if (!found.success) throw fault('STORE_SCHEMA', `settings of ${vehicle}: ${found.error.issues[0]?.message ?? ''}`);
  const said = found.data.reported;
  return {
    vehicle,
    desired: { version, ...found.data.desired },
    ...(said === undefined ? {} : { reported: said }),
    state: said?.version === version ? said.result : 'pending',
  };
}

/** What the twin is to tell its car. */
export const desiredOf = ({ desired }: SettingsRecord): DesiredSettings => ({
  version: desired.version,
  settings: toWire(desired.settings),
});
