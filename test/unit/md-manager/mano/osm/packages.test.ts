import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createTarGzip, parseTarGzip } from 'nanotar';
import { parse } from 'yaml';
import { loadConfig } from '../../../../../common/config.js';
import { SETTINGS as ANALYTICS_SETTINGS } from '../../../../../analytics/config.js';
import { SETTINGS as MANAGER_SETTINGS } from '../../../../../md-manager/config.js';
import { SETTINGS as VMD_SETTINGS } from '../../../../../vmd/config.js';
import { buildPackage } from '../../../../../md-manager/mano/osm/packages/build.js';
import { cloudInitOf, faultsOf, wordsOf } from '../../../../../md-manager/mano/osm/packages/cloud-init.js';
import { faultsOfPackage } from '../../../../../md-manager/mano/osm/packages/validate.js';
import { VXFS, nsdOf, vnfdOf, vxfOf } from '../../../../../md-manager/mano/osm/packages/vxf.js';

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

  it('are whole as the orchestrator sees it', async () => {
    for (const vxf of VXFS)
      for (const model of MODELS)
        for (const kind of ['vnf', 'ns'] as const)
          assert.deepEqual(
            await faultsOfPackage((await buildPackage(vxf, kind, model)).bytes),
            [],
            `${vxf.name} ${kind}`,
          );
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

describe('a package that was changed by hand', () => {
  /** Our function's package with its files changed. */
  async function changed(
    model: (typeof MODELS)[number],
    change: (files: Map<string, string>) => void,
  ): Promise<string[]> {
    const built = await buildPackage(vxfOf('vmd')!, 'vnf', model);
    const files = new Map((await parseTarGzip(built.bytes)).map(({ name, text }) => [name, text]));
    change(files);
    return faultsOfPackage(await createTarGzip([...files].map(([name, data]) => ({ name, data }))));
  }
  const inDescriptor = (from: string | RegExp, to: string) => (files: Map<string, string>) => {
    files.set('vmd_vnf/vmd_vnfd.yaml', files.get('vmd_vnf/vmd_vnfd.yaml')!.replace(from, to));
    files.set('vmd_vnf/checksums.txt', '');
  };

  it('is told each fault by name', async () => {
    assert.deepEqual(await faultsOfPackage(Buffer.from('no')), ['it is no tar.gz: incorrect header check']);
    assert.deepEqual(await changed('native', files => files.set('second/x', 'x')), ['it has 2 top folders, not one']);
    assert.deepEqual(await changed('native', files => files.delete('vmd_vnf/vmd_vnfd.yaml')), [
      'it has no descriptor (*.yaml) in its top folder',
    ]);
    assert.deepEqual(await changed('native', files => files.delete('vmd_vnf/checksums.txt')), [
      'checksums.txt is missing',
    ]);
    assert.deepEqual(
      await changed('native', files => files.set('vmd_vnf/cloud_init/cloud-config.txt', '#cloud-config\n')),
      ['cloud_init/cloud-config.txt has another checksum'],
    );
    assert.deepEqual(await changed('native', files => files.delete('vmd_vnf/cloud_init/cloud-config.txt')), [
      'cloud_init/cloud-config.txt of checksums.txt is missing',
      'cloud_init/cloud-config.txt is missing',
    ]);
    assert.deepEqual(
      await changed(
        'native',
        inDescriptor('external-connection-point-ref: eth0', 'external-connection-point-ref: eth9'),
      ),
      ['connection-point eth9 is not there'],
    );
    for (const [from, to, fault] of [
      ['virtual-compute-desc: compute', 'virtual-compute-desc: other', 'virtual-compute-desc other is not there'],
      ['sw-image-desc: edgetwin', 'sw-image-desc: x', 'sw-image-desc x-debian-12 is not there'],
      ['mgmt-cp: vnf-mgmt-ext', 'mgmt-cp: x', 'mgmt-cp x is not there'],
      ['        - disk', '        - disc', 'virtual-storage-desc disc is not there'],
    ] as const)
      assert.deepEqual(await changed('sol006', inDescriptor(from, to)), [fault]);
    assert.deepEqual(await changed('sol006', inDescriptor(/^vnfd:/, 'wnfd:')), ['its descriptor is of neither model']);
  });
});

describe('the settings that a machine is given by its template', () => {
  /** What the orchestrator makes of a template, and systemd of the file that comes of it. */
  function environmentOf(name: string, values: Readonly<Record<string, string>>): Record<string, string> {
    const filled = cloudInitOf(vxfOf(name)!).replace(/\{\{ (\w+) \}\}/g, (_, word: string) => values[word]!);
    const { write_files: files } = parse(filled) as { write_files: { path: string; content: string }[] };
    const lines = files
      .find(({ path }) => path.endsWith('.env'))!
      .content.trim()
      .split('\n');
    return Object.fromEntries(lines.map(line => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
  }
  const STORE = { db_contact_points: '10.0.1.5,10.0.1.6' };

  it('are all there and known to the vMD host', () => {
    const env = environmentOf('vmd', {
      ...{ host: 'edge-1/2', domain: 'edge-1', address: '10.96.0.2', manager_url: 'http://10.0.0.2:7001', slots: '1' },
      ...{ sdn_url: 'http://10.0.0.3:7002,http://10.0.0.4:7002', alias_prefix: '100.80.0.0', lease_ms: '6000' },
      ...{ enrolment_token: 'f00d', reports_per_s: '7', bytes_per_s: '700', observers: '3', ...STORE },
    });
    const config = loadConfig(VMD_SETTINGS, { argv: [], env });
    assert.deepEqual(
      [config.host, config.address, config.enrolmentToken, config.slots],
      ['edge-1/2', '10.96.0.2', 'f00d', 1],
    );
    assert.deepEqual(
      [config['limits.reportsPerS'], config['limits.bytesPerS'], config['limits.observers']],
      [7, 700, 3],
    );
    assert.deepEqual(config['cassandra.contactPoints'], [{ address: '10.0.1.5' }, { address: '10.0.1.6' }]);
  });

  it('are all there and known to md-manager and analytics', () => {
    const manager = environmentOf('manager', {
      ...{
        listen: '10.0.0.2:7001',
        sdn_url: 'http://10.0.0.3:7002',
        pool_size: 'edge-1=2',
        hosts_from: 'edge-1=10.96.0.0',
      },
      ...{ osm_url: 'https://10.0.0.9:9999/osm', osm_vims: 'edge-1=openstack-1', ...STORE },
    });
    const config = loadConfig(MANAGER_SETTINGS, { argv: [], env: manager });
    assert.deepEqual([config.mano, config['osm.vims']], ['osm', [['edge-1', 'openstack-1']]]);
    const analytics = environmentOf('analytics', {
      listen: '10.0.0.7:8080',
      manager_url: 'http://10.0.0.2:7001',
      ...STORE,
    });
    const shown = loadConfig(ANALYTICS_SETTINGS, { argv: [], env: analytics });
    assert.deepEqual([shown['store.kind'], shown['rollups.path']], ['cassandra', '/var/lib/edgetwin/rollups']);
  });
});
