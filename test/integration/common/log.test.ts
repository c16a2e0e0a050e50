import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const compiled = import.meta.url.endsWith('.js');
const child = fileURLToPath(new URL(`./log-child.${compiled ? 'js' : 'ts'}`, import.meta.url));

/** What the child wrote, in its order: events of lines, and its own mark. */
async function said(level: string, end: string): Promise<string[]> {
  const runner = compiled ? [] : ['--import', 'tsx'];
  const ran = spawn(process.execPath, [...runner, child, level, end], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  for await (const chunk of ran.stderr) text += String(chunk);
  return text
    .split('\n')
    .filter(line => line.startsWith('{') || line === 'effect')
    .map(line => (line === 'effect' ? line : (JSON.parse(line) as { event: string }).event));
}

describe('lines of the log', function () {
  this.timeout(30_000);

  for (const end of ['end', 'throw', 'kill'])
    it(`follow what the turn that said them did, and are all there: ${end}`, async () => {
      assert.deepEqual(await said('info', end), ['effect', 'first', 'second']);
    });

  it('do not wait where they warn', async () => {
    assert.deepEqual(await said('warn', 'end'), ['first', 'second', 'effect']);
  });
});
