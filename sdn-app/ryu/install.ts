import { runMain } from '../../common/main.js';
import { LOCKS, ensureVenv, type VenvKind } from './venv.js';

/** `node dist/sdn-app/ryu/install.js`: what the tests of the Ryu app need, by the lock files; nothing where it is there. */
await runMain(async signal => {
  for (const kind of Object.keys(LOCKS) as VenvKind[]) await ensureVenv(kind, { signal });
  return 0;
});
