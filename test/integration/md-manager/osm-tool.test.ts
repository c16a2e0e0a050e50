import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../../common/package-root.js';
import { openNbi } from '../../../lab/nbi/server.js';
import { onboard, vimIdOf } from '../../../md-manager/mano/osm/onboard.js';
import { vxfOf } from '../../../md-manager/mano/osm/packages/vxf.js';
import { eventually } from '../../fakes/eventually.js';
import { osm } from './osm-lab.js';

const source = extname(fileURLToPath(import.meta.url)) === '.ts';
const bin = source
  ? ['--import=tsx', join(packageRoot(), 'cli', 'edgetwin.ts')]
  : [join(packageRoot(), 'dist', 'cli', 'edgetwin.js')];

function mano(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, [...bin, 'mano', ...words], { cwd: packageRoot() }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

describe('edgetwin mano', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'edgetwin-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it('builds packages that it finds valid, and tells a file that is none', async () => {
    const built = await mano('packages', 'build', 'vmd', '--dir', folder, '--model', 'native');
    assert.equal(built.code, 0, built.err);
    assert.deepEqual(await readdir(join(folder, 'native')), ['vmd_ns.tar.gz', 'vmd_vnf.tar.gz']);
    const valid = await mano('packages', 'validate', join(folder, 'native', 'vmd_vnf.tar.gz'));
    assert.deepEqual([valid.code, valid.out.trim().split(/\s+/)[1]], [0, 'ok']);
    const notOne = join(folder, 'notes.txt');
    await writeFile(notOne, 'notes');
    const faulty = await mano('packages', 'validate', notOne, '--json');
    assert.equal(faulty.code, 1);
    assert.deepEqual(JSON.parse(faulty.out), [{ file: notOne, faults: ['it is no tar.gz: incorrect header check'] }]);
  });

  it('onboards them, says so, and does it once', async () => {
    await using nbi = await openNbi({ release: 'R19', password: 'secret' });
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'secret\n');
    const where = ['--osm-url', nbi.url, '--osm-password-file', passwordFile];
    const first = await mano('packages', 'onboard', 'vmd', 'db', ...where);
    assert.equal(first.code, 0, first.err);
    assert.match(
      first.out,
      /^vmd {2}[0-9a-f-]{36} {2}sol006 {2}uploaded vmd_vnf, vmd_ns\ndb .* uploaded db_vnf, db_ns\n$/,
    );
    const again = await mano('packages', 'onboard', 'vmd', ...where);
    assert.match(again.out, /was there/);
    await writeFile(passwordFile, 'wrong');
    const refused = await mano('packages', 'onboard', 'vmd', ...where);
    assert.deepEqual([refused.code, /Invalid username\/password/.test(refused.err)], [1, true]);
  });

  it('scales and heals services of ours, but no vMD host', async () => {
    await using under = await osm('R19');
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'admin');
    const where = ['--osm-url', under.nbi.url, '--osm-password-file', passwordFile];
    const { northbound } = under;
    const vimId = await vimIdOf(northbound, 'core');
    const order = { description: '', vimId, network: 'twins', params: { domain: 'core', db_seeds: '10.0.0.1' } };
    const db = vxfOf('db');
    assert.ok(db);
    const { nsdId } = await onboard(northbound, db);
    await northbound.instantiate({ ...order, nsdId, name: 'db-core' });
    await northbound.instantiate({ ...order, nsdId: under.nsdId, name: 'et-core-1' });
    await eventually('both run', async () => (await northbound.list()).every(({ instantiated }) => instantiated));
    const kinds = (): unknown[] => under.nbi.world.all('operations').map(one => one['lcmOperationType']);
    for (const [words, said] of [
      [['scale', 'db-core', 'out'], 'scale  COMPLETED'],
      [['heal', 'db-core'], 'heal  COMPLETED'],
    ] as const) {
      const { code, out, err } = await mano('services', ...words, ...where);
      assert.deepEqual([code, out.startsWith(said)], [0, true], err);
    }
    assert.deepEqual(kinds(), ['instantiate', 'instantiate', 'scale', 'heal']);
    const refused = await mano('services', 'scale', 'et-core-1', 'out', ...where);
    assert.deepEqual([refused.code, /is a vMD host/.test(refused.err)], [1, true], refused.err);
  });

  it('tells words that are wrong, with exit code 2', async () => {
    for (const words of [['packages', 'build', 'vmdd'], ['frobnicate'], ['packages', 'onboard', 'vmd']]) {
      const { code, err } = await mano(...words);
      assert.deepEqual([code, /^CONFIG_INVALID/.test(err)], [2, true], words.join(' '));
    }
  });
});
