import { CONFIG_INVALID, EdgetwinError } from '../../common/errors.js';
import { loadConfig, type ConfigInput } from '../../common/config.js';
import { deviceConfig, SETTINGS, type DeviceConfig } from '../config.js';
import type { Capture } from './capture.js';
import { readCapture } from './capture-file.js';
import { withShapeOf } from './settings.js';

/** A replay of which nothing leaves this process needs no vehicle, no folder and no manager. */
const NEAR_SETTINGS = {
  ...SETTINGS,
  vehicle: { ...SETTINGS.vehicle, default: 'replay' },
  state: { ...SETTINGS.state, default: '-' },
  'manager.url': { ...SETTINGS['manager.url'], optional: true },
  'log.level': { ...SETTINGS['log.level'], default: 'warn' },
} as const;

export type ReplayPlan =
  /** Reports are printed; `speed` as asked. */
  | { readonly to: 'print'; readonly config: DeviceConfig; readonly capture: Capture; readonly speed: 'real' | 'full' }
  /** Reports go to the twin, at the pace of the recording. */
  | { readonly to: 'twin'; readonly config: DeviceConfig };

/**
 * What `--replay` asks for; `undefined` where there is no such setting. Settings of the capture stand behind flags and environment.
 * Rejects with CONFIG_INVALID, CAPTURE_INVALID or STORE_SCHEMA.
 */
export async function replayPlan({ argv, env }: ConfigInput): Promise<ReplayPlan | undefined> {
  if (!argv.some(word => /^--replay(=|$)/.test(word)) && env['EDGETWIN_REPLAY'] === undefined) return undefined;
  const first = loadConfig(NEAR_SETTINGS, { argv, env });
  const capture = await readCapture(first.replay ?? '');
  const shaped = { argv, env: withShapeOf(capture.header, SETTINGS, env) };
  if (first['manager.url'] === undefined) {
    const config = { ...loadConfig(NEAR_SETTINGS, shaped), 'manager.url': [] };
    return { to: 'print', config, capture, speed: first['replay.speed'] ?? 'full' };
  }
  if (first['replay.speed'] === 'full')
    throw new EdgetwinError(
      'CONFIG_INVALID',
      CONFIG_INVALID,
      'replay.speed must be real with manager.url: a twin answers in its own time',
    );
  return { to: 'twin', config: deviceConfig(shaped) };
}
