import assert from 'node:assert/strict';
import type { Log, LogFields } from '../../../common/log.js';
import { watchAway } from '../../../sdn-app/switch-away.js';
import { fakeClock, type FakeClock } from '../../fakes/fake-clock.js';
import { MemorySwitch } from '../../fakes/memory-switch.js';

describe('a switch that is away', () => {
  const url = 'ws://127.0.0.1:8080';
  const line = { event: 'sdn.switch-away', datapath: 3, url };
  let clock: FakeClock;
  let one: MemorySwitch;
  let lines: LogFields[];
  let log: Log;

  beforeEach(() => {
    clock = fakeClock();
    one = new MemorySwitch(3);
    one.connected = false;
    lines = [];
    const say = (fields: LogFields): void => void lines.push(fields);
    log = { debug: say, info: say, warn: say, error: say };
  });

  const watch = (at = url): AsyncDisposable => watchAway([{ one, url: at }], { timers: clock, log });

  it('is logged with its datapath and its URL once it had time to connect, and each ten seconds from then on', async () => {
    watch();
    await clock.advance(999);
    assert.deepEqual(lines, []);
    await clock.advance(1);
    assert.deepEqual(lines, [line]);
    await clock.advance(9_999);
    assert.equal(lines.length, 1);
    await clock.advance(1);
    assert.deepEqual(lines, [line, line]);
  });

  it('is logged no more when it has come, nor where it was there from the start', async () => {
    watch();
    await clock.advance(1_000);
    one.mend();
    await clock.advance(60_000);
    assert.deepEqual(lines, [line]);
    watch();
    await clock.advance(60_000);
    assert.equal(lines.length, 1);
  });

  it('is logged again ten seconds after it was lost, however often it comes and goes before', async () => {
    one.mend();
    watch();
    for (let times = 0; times < 20; times++) {
      one.cut();
      await clock.advance(2_000);
      one.mend();
    }
    assert.deepEqual(lines, []);
    one.cut();
    await clock.advance(10_000);
    assert.deepEqual(lines, [line]);
  });

  it('does not say who logs in there', async () => {
    watch('ws://user:secret@127.0.0.1:8080');
    await clock.advance(1_000);
    assert.deepEqual(lines, [line]);
  });

  it('is logged by nobody after the end', async () => {
    await watch()[Symbol.asyncDispose]();
    assert.equal(clock.pending, 0);
    one.cut();
    assert.equal(clock.pending, 0);
  });
});
