import { stringify } from 'yaml';
import { SOURCES } from '../kit/names.js';

export interface SourceOptions {
  /** Base URLs as Grafana reaches them. */
  readonly prometheus: string;
  readonly analytics: string;
  readonly intervalS: number;
  /** Whether Prometheus evaluates the alerts, so that Grafana shows them as its. */
  readonly prometheusAlerts: boolean;
}

/** `provisioning/datasources/`: both are of Grafana's own kind `prometheus`, asked by POST. */
export const dataSourcesFile = ({ prometheus, analytics, intervalS, prometheusAlerts }: SourceOptions): string =>
  stringify({
    apiVersion: 1,
    prune: true,
    datasources: [
      { ...SOURCES.metrics, url: prometheus, manageAlerts: prometheusAlerts, isDefault: true },
      { ...SOURCES.twins, url: analytics, manageAlerts: false, isDefault: false },
    ].map(({ uid, name, url, manageAlerts, isDefault }) => ({
      ...{ uid, name, url, isDefault, type: 'prometheus', access: 'proxy', orgId: 1, editable: false },
      jsonData: { httpMethod: 'POST', timeInterval: `${intervalS}s`, manageAlerts, prometheusType: 'Prometheus' },
    })),
  });

/** `provisioning/dashboards/`: where the JSON files are, as Grafana sees them. */
export const boardsFile = (folder: string): string =>
  stringify({
    apiVersion: 1,
    providers: [
      {
        name: 'edgetwin',
        folder: 'edgetwin',
        folderUid: 'edgetwin',
        type: 'file',
        allowUiUpdates: true,
        disableDeletion: false,
        updateIntervalSeconds: 10,
        options: { path: folder, foldersFromFilesStructure: false },
      },
    ],
  });
