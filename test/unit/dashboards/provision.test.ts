import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../../common/config.js';
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
