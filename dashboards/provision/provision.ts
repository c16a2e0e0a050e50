import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { buildBoards } from '../build.js';
import type { DashboardsConfig } from '../config.js';
import { grafanaAlerts } from '../rules/grafana-alerts.js';
import { alertFile, recordingFile } from '../rules/rule-files.js';
import { composeFile } from './compose.js';
import { boardsFile, dataSourcesFile } from './grafana.js';
import { prometheusConfig } from './prometheus.js';
import { urlsByJob } from './targets.js';

/** Parts that are scraped at addresses that settings give; a target file may give them instead. */
type Fixed = 'md-manager' | 'sdn-app' | 'analytics';

/** Every file for a Prometheus and a Grafana, by its path below `out`. */
export async function provisioned(config: DashboardsConfig): Promise<Map<string, string>> {
  const out = resolve(config.out);
  const targetFiles = config.targets.map(file => resolve(file));
  const listed = await urlsByJob(targetFiles);
  const given = {
    'md-manager': config['manager.url'],
    'sdn-app': config['sdn.url'],
    analytics: config['analytics.url'],
  };
  // What the files list is scraped by them: as two jobs it would count twice.
  const own = (job: Fixed): readonly string[] => (listed.has(job) ? [] : given[job]);
  const urlsOf = (job: Fixed): readonly string[] => listed.get(job) ?? given[job];
  const grafana = `http://127.0.0.1:${config['grafana.port']}`;
  const byPrometheus = config.alerts === 'prometheus';
  return new Map([
    ...buildBoards().map(({ file, text }) => [`grafana/dashboards/${file}`, text] as const),
    [
      'grafana/provisioning/datasources/edgetwin.yaml',
      dataSourcesFile({
        prometheus: `http://127.0.0.1:${config['prometheus.port']}`,
        analytics: urlsOf('analytics')[0] ?? '',
        intervalS: config['scrape.intervalS'],
        prometheusAlerts: byPrometheus,
      }),
    ],
    ['grafana/provisioning/dashboards/edgetwin.yaml', boardsFile(join(out, 'grafana', 'dashboards'))],
    [
      'grafana/provisioning/alerting/edgetwin.yaml',
      stringify(byPrometheus ? { apiVersion: 1 } : grafanaAlerts(), { lineWidth: 0 }),
    ],
    [
      'prometheus/prometheus.yml',
      prometheusConfig({
        intervalS: config['scrape.intervalS'],
        managers: own('md-manager'),
        managersToAsk: urlsOf('md-manager'),
        sdnApps: own('sdn-app'),
        analytics: own('analytics'),
        targetFiles,
      }),
    ],
    ['prometheus/rules/edgetwin-recording.yml', recordingFile()],
    ...(byPrometheus ? [['prometheus/rules/edgetwin-alerts.yml', alertFile(grafana)] as const] : []),
    [
      'compose.yaml',
      composeFile({
        folder: out,
        targetFolders: [...new Set(targetFiles.map(file => dirname(file)))],
        grafanaImage: config['grafana.image'],
        prometheusImage: config['prometheus.image'],
        grafanaPort: config['grafana.port'],
        prometheusPort: config['prometheus.port'],
      }),
    ],
  ]);
}

/** Writes files below a folder. Gives their paths. */
export async function writeFiles(out: string, files: ReadonlyMap<string, string>): Promise<string[]> {
  const paths: string[] = [];
  for (const [name, text] of files) {
    const path = join(out, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    paths.push(path);
  }
  return paths;
}
