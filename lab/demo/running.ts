import type { Plan, Urls, Vehicle } from './plan.js';
import type { Supervisor } from './supervisor.js';

/** A whole edgetwin that runs, as those see it who watch it, end it and audit it; wherever its parts are. */
export interface RunningSystem {
  readonly plan: Pick<Plan, 'data' | 'drive' | 'cars' | 'speed' | 'startAtMs' | 'topology' | 'cassandra'>;
  /** As they are reached from here. */
  readonly urls: Pick<Urls, 'manager' | 'standby' | 'sdn'> & Partial<Urls>;
  readonly vehicles: readonly Vehicle[];
  readonly supervisor: Supervisor;
  /** Folders of the store of a domain, and of the control store. */
  store(domain: string): string;
  readonly control: string;
  /** How often parts were started again. */
  restarts(): number;
  /** The services as {@link command} reaches them: vMD hosts are reached only from where they run. */
  readonly services: Pick<Urls, 'manager' | 'sdn'>;
  /** Runs `edgetwin WORDS…` beside the services to its end, whatever its exit code. */
  command(words: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }>;
}
