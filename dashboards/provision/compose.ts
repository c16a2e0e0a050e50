import { stringify } from 'yaml';

export interface ComposeOptions {
  /** The folder with all files, mounted at the same path inside. */
  readonly folder: string;
  /** Folders of files with further targets, mounted likewise. */
  readonly targetFolders: readonly string[];
  readonly grafanaImage: string;
  readonly prometheusImage: string;
  readonly grafanaPort: number;
  readonly prometheusPort: number;
}

/**
 * For `docker compose -f compose.yaml up` (Podman's compose reads it as well): Prometheus and Grafana beside the services.
 * They use the machine's own network, because the services of a demo listen on loopback addresses.
 */
export function composeFile(options: ComposeOptions): string {
  const { folder, targetFolders, grafanaImage, prometheusImage, grafanaPort, prometheusPort } = options;
  return stringify(
    {
      name: 'edgetwin-dashboards',
      services: {
        prometheus: {
          image: prometheusImage,
          network_mode: 'host',
          restart: 'unless-stopped',
          command: [
            `--config.file=${folder}/prometheus/prometheus.yml`,
            '--storage.tsdb.path=/prometheus',
            '--storage.tsdb.retention.time=30d',
            `--web.listen-address=127.0.0.1:${prometheusPort}`,
          ],
          volumes: [...[folder, ...targetFolders].map(path => `${path}:${path}:ro`), 'prometheus:/prometheus'],
        },
        grafana: {
          image: grafanaImage,
          network_mode: 'host',
          restart: 'unless-stopped',
          environment: {
            GF_SERVER_HTTP_ADDR: '127.0.0.1',
            GF_SERVER_HTTP_PORT: String(grafanaPort),
            GF_PATHS_PROVISIONING: `${folder}/grafana/provisioning`,
            GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: `${folder}/grafana/dashboards/edgetwin-fleet.json`,
            GF_ANALYTICS_REPORTING_ENABLED: 'false',
            GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
          },
          volumes: [`${folder}:${folder}:ro`, 'grafana:/var/lib/grafana'],
          depends_on: ['prometheus'],
        },
      },
      volumes: { prometheus: {}, grafana: {} },
    },
    { lineWidth: 0 },
  );
}
