import { stringify } from 'yaml';

export interface ScrapeOptions {
  readonly intervalS: number;
  /** Base URLs. */
  readonly managers: readonly string[];
  /** Those that tell which vMD hosts there are. */
  readonly managersToAsk: readonly string[];
  readonly sdnApps: readonly string[];
  readonly analytics: readonly string[];
  /** Files in the form of Prometheus' file discovery: further processes, each with the label `job`. */
  readonly targetFiles: readonly string[];
}

const hostsOf = (urls: readonly string[]): string[] => urls.map(url => new URL(url).host);

/** Prometheus' configuration: which processes it reads, and the rules that it computes. */
export function prometheusConfig(options: ScrapeOptions): string {
  const { intervalS, managers, managersToAsk, sdnApps, analytics, targetFiles } = options;
  const fixed = [
    ['md-manager', managers],
    ['sdn-app', sdnApps],
    ['analytics', analytics],
  ] as const;
  return stringify(
    {
      global: {
        scrape_interval: `${intervalS}s`,
        scrape_timeout: `${intervalS}s`,
        evaluation_interval: `${intervalS}s`,
      },
      rule_files: ['rules/*.yml'],
      scrape_configs: [
        ...fixed
          .filter(([, urls]) => urls.length > 0)
          .map(([job_name, urls]) => ({ job_name, static_configs: [{ targets: hostsOf(urls) }] })),
        {
          // Hosts come and go: md-manager tells who is there.
          job_name: 'vmd',
          http_sd_configs: managersToAsk.map(url => ({
            url: `${url.replace(/\/$/, '')}/v1/scrape-targets`,
            refresh_interval: `${intervalS}s`,
          })),
        },
        ...(targetFiles.length === 0
          ? []
          : [
              {
                // Each group of the files names its own job.
                job_name: 'files',
                file_sd_configs: [{ files: [...targetFiles], refresh_interval: '10s' }],
              },
            ]),
      ],
    },
    { lineWidth: 0 },
  );
}
