import { seededRandom } from '../../../../lab/seeded-random.js';
import type { ReportedSettings, WireSettings } from '../../../../protocol/settings.js';
import { tearingDisk } from '../../../fakes/tearing-disk.js';

/** A disk, what was applied and what was reported. */
export const lab = () => ({
  disk: tearingDisk(seededRandom(1)),
  applied: [] as WireSettings[],
  reported: [] as ReportedSettings[],
});
