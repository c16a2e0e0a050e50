import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readMarks } from '../../device/uplink/marks.js';
import { openNodeDisk } from '../../device/uplink/node-disk.js';
import { decodeGap, decodeReport, META } from '../../protocol/report.js';

export interface KillLoop {
  readonly folder: string;
  readonly kills: number;
  readonly maxBytes: number;
  readonly random: () => number;
}

/**
 * Starts an outbox in a process of its own and kills it with SIGKILL, again and again; then holds what it said against
 * what is there. A report that was offered has one content for ever, and each seq up to the last accepted one of its boot
 * is acknowledged, declared, or still there. Gives how many were offered.
 */
export async function killOutbox({ folder, kills, maxBytes, random }: KillLoop): Promise<number> {
  const compiled = import.meta.url.endsWith('.js');
  const child = fileURLToPath(new URL(compiled ? './outbox-child.js' : './outbox-child.ts', import.meta.url));
  const seen = new Map<string, string>();
  const acknowledged = new Set<string>();
  let offered = new Set<string>();
  let highestBoot = 0;
  for (let round = 0; round <= kills; round++) {
    const flags = compiled ? [] : ['--import', 'tsx'];
    const args = [...flags, child, folder, String(maxBytes), String(highestBoot)];
    const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    offered = new Set();
    let rest = '';
    let lines = 0;
    const deadAfter = 3 + Math.floor(random() * 400);
    process_.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = `${rest}${chunk}`.split('\n');
      // A line that the kill cut was not said.
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const [what, id = '', hex = ''] = part.split(' ');
        if (what === 'boot') {
          assert.ok(Number(id) > highestBoot, `boot ${id} after ${highestBoot}`);
          highestBoot = Number(id);
        } else if (what === 'offered') {
          assert.equal(seen.get(id) ?? hex, hex, `${id} has one content for ever`);
          seen.set(id, hex);
          offered.add(id);
        } else if (what === 'acknowledged') {
          acknowledged.add(id);
          offered.delete(id);
        } else if (what === 'dropped') offered.delete(id);
        if (++lines === deadAfter) process_.kill('SIGKILL');
      }
    });
    const [code, signal] = (await once(process_, 'close')) as [number | null, string | null];
    assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the outbox did not end by itself');
  }
  const marks = await readMarks(await openNodeDisk(folder));
  const declared = new Set<string>();
  for (const hex of seen.values()) {
    for (const { name, value } of decodeReport(Buffer.from(hex, 'hex')).samples) {
      const gap = name === META.gap ? decodeGap(value) : undefined;
      for (let seq = gap?.from ?? 1; seq <= (gap?.to ?? 0); seq++) declared.add(`${gap?.boot}/${seq}`);
    }
  }
  const there = new Set(marks.unsettled.map(({ boot, seq }) => `${boot}/${seq}`));
  for (const id of seen.keys())
    assert.ok(
      acknowledged.has(id) || declared.has(id) || there.has(id),
      `${id} is neither acknowledged, declared nor there`,
    );
  for (const { boot, accepted } of marks.boots)
    for (let seq = 1; seq <= accepted; seq++) {
      const id = `${boot}/${seq}`;
      assert.ok(acknowledged.has(id) || declared.has(id) || there.has(id), `${id} was accepted, and is nowhere`);
    }
  return seen.size;
}
