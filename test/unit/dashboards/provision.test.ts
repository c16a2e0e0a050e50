import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../../common/config.js';
import { packageRoot } from '../../../common/package-root.js';
import { run } from '../../../dashboards/cli.js';
import { SETTINGS } from '../../../dashboards/config.js';
import { SOURCES } from '../../../dashboards/kit/names.js';
import { provisioned } from '../../../dashboards/provision/provision.js';

interface Scraped {
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly static_configs?: readonly { readonly targets: readonly string[] }[];
    readonly http_sd_configs?: readonly { readonly url: string }[];
    readonly file_sd_configs?: readonly { readonly files: readonly string[] }[];
  }[];
}

const filesOf = (...argv: string[]) => provisioned(loadConfig(SETTINGS, { argv: ['--out', '/x', ...argv], env: {} }));
const yamlOf = (files: ReadonlyMap<string, string>, name: string): unknown => parse(files.get(name) ?? '');

describe('what a Prometheus and a Grafana are given', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'edgetwin-provision-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const targets = async (groups: unknown): Promise<string> => {
    const file = join(folder, 'targets.json');
    await writeFile(file, JSON.stringify(groups));
    return file;
  };

  it('is everything that starts both', async () => {
    const files = await filesOf();
    assert.deepEqual(
      [...files.keys()].filter(name => !name.startsWith('grafana/dashboards/')),
      [
        'grafana/provisioning/datasources/edgetwin.yaml',
        'grafana/provisioning/dashboards/edgetwin.yaml',
        'grafana/provisioning/alerting/edgetwin.yaml',
        'prometheus/prometheus.yml',
        'prometheus/rules/edgetwin-recording.yml',
        'prometheus/rules/edgetwin-alerts.yml',
        'compose.yaml',
      ],
    );
    assert.equal([...files.keys()].filter(name => name.startsWith('grafana/dashboards/')).length, 6);
    const { providers } = yamlOf(files, 'grafana/provisioning/dashboards/edgetwin.yaml') as {
      providers: [{ options: { path: string } }];
    };
    assert.equal(providers[0].options.path, '/x/grafana/dashboards');
  });

  it('scrapes the services where the settings say, and the hosts that each md-manager tells of', async () => {
    const files = await filesOf(
      '--manager-url',
      'http://a:1,http://b:2',
      '--sdn-url',
      'http://c:3',
      '--analytics-url',
      'http://d:4',
    );
    const { scrape_configs: jobs } = yamlOf(files, 'prometheus/prometheus.yml') as Scraped;
    assert.deepEqual(
      jobs.map(({ job_name, static_configs }) => [job_name, static_configs?.[0]?.targets]),
      [
        ['md-manager', ['a:1', 'b:2']],
        ['sdn-app', ['c:3']],
        ['analytics', ['d:4']],
        ['vmd', undefined],
      ],
    );
    assert.deepEqual(
      jobs.at(-1)?.http_sd_configs?.map(({ url }) => url),
      ['http://a:1/v1/scrape-targets', 'http://b:2/v1/scrape-targets'],
    );
  });

  it('scrapes what a file lists by the file, once, and asks the md-manager and analytics that it lists', async () => {
    const file = await targets([
      { targets: ['m:1'], labels: { job: 'md-manager' } },
      { targets: ['a:2'], labels: { job: 'analytics' } },
      { targets: ['c:3', 'c:4'], labels: { job: 'device' } },
    ]);
    const files = await filesOf('--targets', file, '--sdn-url', 'http://s:5');
    const { scrape_configs: jobs } = yamlOf(files, 'prometheus/prometheus.yml') as Scraped;
    assert.deepEqual(
      jobs.map(({ job_name }) => job_name),
      ['sdn-app', 'vmd', 'files'],
    );
    assert.equal(jobs[1]?.http_sd_configs?.[0]?.url, 'http://m:1/v1/scrape-targets');
    assert.deepEqual(jobs[2]?.file_sd_configs?.[0]?.files, [file]);
    const { datasources } = yamlOf(files, 'grafana/provisioning/datasources/edgetwin.yaml') as {
      datasources: { uid: string; url: string }[];
    };
    assert.equal(datasources.find(({ uid }) => uid === SOURCES.twins.uid)?.url, 'http://a:2');
  });

  /** Whether a path below the folder of all files is one of them, or a folder with some. */
  const isThere = (files: ReadonlyMap<string, string>, path: string): boolean =>
    [...files.keys()].some(name => name === path || name.startsWith(`${path}/`));

  it('starts in containers that see every file they are told of, at the same path', async () => {
    const file = await targets([{ targets: ['a:2'], labels: { job: 'analytics' } }]);
    const files = await filesOf('--targets', file, '--prometheus-port', '9999');
    const { services } = yamlOf(files, 'compose.yaml') as {
      services: Record<string, { command?: string[]; environment?: Record<string, string>; volumes: string[] }>;
    };
    const { prometheus, grafana } = services;
    assert.deepEqual(
      prometheus?.volumes.filter(volume => volume.endsWith(':ro')),
      [`/x:/x:ro`, `${folder}:${folder}:ro`],
    );
    assert.ok(grafana?.volumes.includes('/x:/x:ro'));
    const told = [...(prometheus?.command ?? []), ...Object.values(grafana?.environment ?? {})];
    const paths = told.flatMap(word => /(?:^|=)\/x\/(.+)$/.exec(word)?.[1] ?? []);
    assert.equal(paths.length, 3);
    for (const path of paths) assert.ok(isThere(files, path), path);
    const { datasources } = yamlOf(files, 'grafana/provisioning/datasources/edgetwin.yaml') as {
      datasources: { uid: string; url: string; type: string }[];
    };
    const asked = datasources.find(({ uid }) => uid === SOURCES.metrics.uid);
    assert.deepEqual([asked?.url, asked?.type], ['http://127.0.0.1:9999', 'prometheus']);
    assert.ok(prometheus?.command?.includes('--web.listen-address=127.0.0.1:9999'));
  });

  it('is found by the commands that are told for packages in the place of containers', async () => {
    const files = await filesOf();
    const text = await readFile(join(packageRoot(), 'docs', 'operations.md'), 'utf8');
    const paths = [...text.matchAll(/\/srv\/edgetwin-dashboards\/([\w./-]+\w)/g)].map(found => found[1] ?? '');
    assert.ok(paths.length >= 3, String(paths));
    for (const path of paths) assert.ok(isThere(files, path), path);
  });

  it('names data sources that every dashboard asks, and no other', async () => {
    const files = await filesOf();
    const { datasources } = yamlOf(files, 'grafana/provisioning/datasources/edgetwin.yaml') as {
      datasources: { uid: string; name: string }[];
    };
    const boards = [...files].filter(([name]) => name.startsWith('grafana/dashboards/'));
    for (const [name, text] of boards) {
      const current = (JSON.parse(text) as { templating: { list: { type: string; current: { value: string } }[] } })
        .templating.list;
      const chosen = current.filter(({ type }) => type === 'datasource').map(one => one.current.value);
      assert.ok(chosen.length > 0, name);
      for (const value of chosen)
        assert.ok(
          datasources.some(({ uid }) => uid === value),
          `${name} asks ${value}`,
        );
    }
  });

  it('lets either Prometheus or Grafana evaluate the alerts, never both', async () => {
    const count = (files: ReadonlyMap<string, string>): number[] => [
      Number(files.has('prometheus/rules/edgetwin-alerts.yml')),
      Number('groups' in (yamlOf(files, 'grafana/provisioning/alerting/edgetwin.yaml') as object)),
    ];
    assert.deepEqual(count(await filesOf()), [1, 0]);
    assert.deepEqual(count(await filesOf('--alerts', 'grafana')), [0, 1]);
  });

  it('is refused where a file of targets is none', async () => {
    const file = await targets({ targets: ['m:1'] });
    await assert.rejects(filesOf('--targets', file), { code: 'CONFIG_INVALID', message: /targets\.json/ });
    await assert.rejects(filesOf('--targets', join(folder, 'absent')), { code: 'CONFIG_INVALID' });
    await assert.rejects(run(['paint'], {}), { code: 'CONFIG_INVALID', message: /build, provision/ });
  });
});
