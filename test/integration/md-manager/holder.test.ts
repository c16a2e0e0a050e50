import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { endIfStopped, isGone, ownHolder } from '../../../md-manager/leader/holder.js';
import { isStopped, startTicksOf } from '../../../md-manager/mano/process-table.js';
import { eventually } from '../../fakes/eventually.js';

describe('the process of a holder', () => {
  let child: ChildProcess;
  let pid: number;
  let startTicks: number;
  beforeEach(async () => {
    child = spawn('sleep', ['600']);
    await once(child, 'spawn');
    pid = child.pid!;
    startTicks = (await startTicksOf(pid))!;
  });
  afterEach(() => void child.kill('SIGKILL'));

  /** As it would name itself, but for what is changed. */
  const holder = async (change: Readonly<Record<number, string | number>> = {}): Promise<string> => {
    const words: (string | number)[] = (await ownHolder()).split(' ');
    for (const [place, word] of Object.entries({ 2: pid, 3: startTicks, ...change })) words[Number(place)] = word;
    return words.join(' ');
  };
  const stopped = async (): Promise<void> => {
    child.kill('SIGSTOP');
    await eventually('it is stopped', () => isStopped({ pid, startTicks }));
  };

  it('that is stopped is ended, and is gone then', async () => {
    const exited = once(child, 'exit');
    await stopped();
    assert.equal(await isGone(await holder()), false);
    assert.equal(await endIfStopped(await holder()), true);
    assert.deepEqual(await exited, [null, 'SIGKILL']);
    assert.deepEqual([await isGone(await holder()), await endIfStopped(await holder())], [true, false]);
  });

  it('that goes on is let be', async () => {
    assert.equal(await endIfStopped(await holder()), false);
    assert.equal(await isGone(await holder()), false);
  });

  it('is no other one, of another start, machine or namespace', async () => {
    await stopped();
    for (const change of [{ 3: startTicks + 1 }, { 0: 'another-boot' }, { 1: 'pid:[1]' }])
      assert.equal(await endIfStopped(await holder(change)), false);
    assert.equal(await endIfStopped('somebody'), false);
    assert.equal(await isStopped({ pid, startTicks }), true);
    assert.deepEqual(
      [await isGone(await holder({ 3: startTicks + 1 })), await isGone(await holder({ 0: 'another-boot' }))],
      [true, false],
    );
  });
});
