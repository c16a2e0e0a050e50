import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { parseTarGzip } from 'nanotar';
import { parse } from 'yaml';
import { buildPackage } from '../../../../../md-manager/mano/osm/packages/build.js';
import { cloudInitOf, faultsOf, wordsOf } from '../../../../../md-manager/mano/osm/packages/cloud-init.js';
import { VXFS, nsdOf, vduOf, vnfdOf, vxfOf } from '../../../../../md-manager/mano/osm/packages/vxf.js';

const MODELS = ['native', 'sol006'] as const;
const md5 = (bytes: Uint8Array | string): string => createHash('md5').update(bytes).digest('hex');

describe('packages of our functions', () => {
  it('have the sizes of the paper (§V)', () => {
    assert.deepEqual(
      VXFS.map(({ name, vcpus, memoryMb, diskGb }) => [name, vcpus, memoryMb, diskGb]),
      [
        ['vmd', 2, 1024, 5],
        ['db', 2, 1024, 5],
        ['manager', 2, 2048, 5],
        ['analytics', 2, 2048, 10],
        ['monitoring', 8, 8192, 40],
      ],
    );
  });

  for (const vxf of VXFS)
    for (const model of MODELS)
      it(`${vxf.name} as ${model}: one folder, checksums that hold, the same bytes each time`, async () => {
        for (const kind of ['vnf', 'ns'] as const) {
          const built = await buildPackage(vxf, kind, model);
          assert.deepEqual(await buildPackage(vxf, kind, model), built);
          assert.equal(built.md5, md5(built.bytes));
          const files = new Map((await parseTarGzip(built.bytes)).map(({ name, text }) => [name, text]));
          const top = kind === 'vnf' ? vnfdOf(vxf) : nsdOf(vxf);
          assert.ok([...files.keys()].every(name => name.startsWith(`${top}/`)));
          const sums = files.get(`${top}/checksums.txt`)!.trim().split('\n');
          assert.deepEqual(
            sums,
            [...files]
              .filter(([name]) => !name.endsWith('checksums.txt'))
              .map(([name, text]) => `${md5(text)} ${name.slice(top.length + 1)}`),
          );
        }
      });

  it('refer to nothing that is not in them', async () => {
    for (const vxf of VXFS) {
      const files = await parseTarGzip((await buildPackage(vxf, 'vnf', 'sol006')).bytes);
      const { vnfd } = parse(files[0]!.text) as { vnfd: Record<string, Record<string, unknown>[]> };
      const vdu = vnfd['vdu']![0]!;
      assert.equal(vdu['id'], vduOf(vxf));
      assert.equal(vdu['virtual-compute-desc'], vnfd['virtual-compute-desc']![0]!['id']);
      assert.deepEqual(vdu['virtual-storage-desc'], [vnfd['virtual-storage-desc']![0]!['id']]);
      assert.equal(vdu['sw-image-desc'], vnfd['sw-image-desc']![0]!['id']);
      assert.ok(files.some(({ name }) => name === `${vnfdOf(vxf)}/cloud_init/${String(vdu['cloud-init-file'])}`));
    }
  });

  it('boot by templates that ask for the declared words and no others', () => {
    for (const vxf of VXFS) {
      const template = cloudInitOf(vxf);
      assert.deepEqual([...wordsOf(template)].sort(), Object.keys(vxf.params).sort(), vxf.name);
      const config = parse(template) as { write_files: { content: string }[]; runcmd: string[][] };
      assert.ok(template.startsWith('#cloud-config\n'));
      assert.ok(config.write_files.every(({ content }) => content.endsWith('\n')));
      assert.ok(config.runcmd.every(command => command[0] === 'systemctl'));
    }
  });
});

describe('values of an order', () => {
  const vmd = vxfOf('vmd')!;
  const good = Object.fromEntries(Object.keys(vmd.params).map(word => [word, 'x']));

  it('that are whole have no fault', () => assert.deepEqual(faultsOf(vmd, good), []));

  it('that are missing, unknown, or would be escaped are told before the order', () => {
    const { host: _left, ...rest } = good;
    assert.deepEqual(faultsOf(vmd, { ...rest, colour: 'red', domain: 'a&b' }), [
      'host is missing',
      'colour is not a word of vmd',
      'domain holds one of < > & " \' or a line break',
    ]);
  });
});
