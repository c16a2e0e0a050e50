import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBoards } from '../../../dashboards/build.js';
import { SETTINGS } from '../../../dashboards/config.js';
import { provisioned, writeFiles } from '../../../dashboards/provision/provision.js';
import { loadConfig } from '../../../common/config.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { handoverList, vehicleList } from '../../../protocol/api/md-manager.js';
import { freePort } from '../../../lab/network/free-port.js';
import { TARGETS_FILE } from '../../../lab/demo/scrape-targets.js';
import { System } from '../../../lab/demo/system.js';
import { eventually } from '../../fakes/eventually.js';
import { askAsGrafana, hasNumbers, labelValues, type View } from '../../fakes/grafana-client.js';
import { labelQueriesOf, queriesOf, type BoardQuery } from '../../fakes/grafana-query.js';
import { hasPrometheus } from './prometheus-server.js';
import { spawnPrometheus, type RunningPrometheus } from './spawn-prometheus.js';

/** Panels that the embedded demo cannot fill; their description says so. */
const ELSEWHERE = new Set(['edgetwin: Store / Requests to Cassandra / A']);
const CARS = 2;
const SPEED = 4;

describe('the dashboards, over a demo that a real Prometheus scrapes', function () {
  this.timeout(120_000);
  let system: System;
  let prometheus: RunningPrometheus;
  let folder: string | undefined;
  let fromS: number;

  before(async function () {
    if (!hasPrometheus()) {
      console.log('      skipped: prometheus is not installed (apt-get install prometheus)');
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-dashboards-'));
    fromS = Math.floor(Date.now() / 1_000);
    system = await System.open({ drive: 'drive-17', cars: CARS, speed: SPEED, httpPort: await freePort() });
    const argv = ['--out', folder, '--targets', join(system.plan.data, TARGETS_FILE), '--scrape-interval-s', '1'];
    await writeFiles(folder, await provisioned(loadConfig(SETTINGS, { argv, env: {} })));
    prometheus = await spawnPrometheus(join(folder, 'prometheus', 'prometheus.yml'), folder);
  });

  after(async () => {
    await prometheus?.[Symbol.asyncDispose]();
    await system?.[Symbol.asyncDispose]();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  const view = (): View => ({
    fromS,
    toS: Math.floor(Date.now() / 1_000),
    scrapeS: 1,
    variables: {
      vehicle: 'car-1',
      phase: 'activated',
      signal: ['Vehicle.OBD.Speed', 'Vehicle.OBD.EngineSpeed'],
      ...{ domain: ['.+'], way: ['.+'], job: ['.+'] },
    },
    sources: { metrics: prometheus.url, twins: system.urls.analytics },
  });

  it('scrape every process that has metrics, vMD hosts found by what md-manager tells', async () => {
    const wanted = ['analytics', 'cars', 'device', 'md-manager', 'radio', 'replicator', 'sdn-app', 'switch', 'vmd'];
    let jobs: string[] = [];
    await eventually('all targets to be up', async () => {
      const { data } = (await (await fetch(`${prometheus.url}/api/v1/targets?state=active`)).json()) as {
        data: { activeTargets: { health: string; labels: { job: string; domain?: string } }[] };
      };
      const up = data.activeTargets.filter(({ health }) => health === 'up');
      jobs = [...new Set(up.map(({ labels }) => labels.job))].sort();
      const domains = new Set(up.flatMap(({ labels }) => labels.domain ?? []));
      return jobs.length >= wanted.length && up.length === data.activeTargets.length && domains.size === 3;
    });
    assert.deepEqual(jobs, wanted);
  });

  it('see a hand-over', async () => {
    await using radio = new HttpClient(system.urls.radio, { connections: 1 });
    await using manager = new HttpClient(system.urls.manager, { connections: 1 });
    const moves = async (): Promise<number> => {
      const { handovers } = await manager.call('GET', '/v1/handovers?vehicle=car-1', { answer: handoverList });
      return handovers.filter(({ kind, result }) => kind === 'move' && result === 'completed').length;
    };
    // What the drive did before anybody counted is no rise of a counter.
    const before = await moves();
    const { vehicles } = await manager.call('GET', '/v1/vehicles', { answer: vehicleList });
    const at = vehicles.find(({ vehicle }) => vehicle === 'car-1')?.attachment?.accessPoint;
    await radio.call('PUT', '/v1/cars/0/attachment', { body: { accessPoint: at === 'ap-1' ? 'ap-2' : 'ap-1' } });
    await eventually('car-1 to be handed over', async () => (await moves()) > before);
  });

  it('give data to every query of every panel and of the marks, asked as Grafana asks', async () => {
    let waiting: readonly BoardQuery[] = buildBoards()
      .flatMap(({ json }) => queriesOf(json))
      .filter(({ name }) => !ELSEWHERE.has(name));
    assert.ok(waiting.length > 100);
    // Some have data only after the first hand-over, and after the rules were computed.
    await eventually('data for every query', async () => {
      const now = view();
      const found = await Promise.all(waiting.map(query => askAsGrafana(query, now)));
      waiting = waiting.filter((_, place) => !hasNumbers(found[place] ?? []));
      return waiting.length === 0;
    }).catch((error: unknown) => {
      throw new Error(`without data: ${waiting.map(({ name, expr }) => `\n${name}: ${expr}`).join('')}`, {
        cause: error,
      });
    });
  });

  it('give values to every variable', async () => {
    const now = view();
    for (const query of buildBoards().flatMap(({ json }) => labelQueriesOf(json)))
      assert.ok((await labelValues(query, now)).length > 0, query.name);
    const vehicles = await labelValues({ source: 'twins', series: 'twin_age_seconds', label: 'vehicle' }, now);
    assert.deepEqual(vehicles.sort(), ['car-1', 'car-2']);
  });

  it('have no alert that fires while all is well', async () => {
    const firing = await askAsGrafana(
      { name: 'alerts', source: 'metrics', expr: 'ALERTS{alertstate="firing"}', instant: true, maxPoints: 1 },
      view(),
    );
    assert.deepEqual(firing, []);
  });
});
