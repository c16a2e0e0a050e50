import { writeSync } from 'node:fs';
import { openLog } from '../../../common/log.js';

/** Says lines of the level named, writes its own mark, and ends in the way named. */
const [level = 'info', end = 'end'] = process.argv.slice(2);
const say = level === 'warn' ? 'warn' : 'info';
const log = openLog('child');
const other = openLog('other');
log[say]({ event: 'first' });
other[say]({ event: 'second' });
writeSync(2, 'effect\n');
if (end === 'throw') throw new Error('broken');
// Two turns of the event loop later nothing waits any more, however the process ends.
setImmediate(() => setImmediate(() => setImmediate(() => process.kill(process.pid, 'SIGKILL'))));
