import { integer, listOf, oneOf, text, url, type ConfigOf, type Settings } from '../common/config.js';

const urls = listOf(url('http:', 'https:'));

/** Settings of `edgetwin dashboards`. */
export const SETTINGS = {
  out: { parse: text, help: 'folder that is written' },
  'manager.url': { parse: urls, default: 'http://127.0.0.1:7001', help: 'base URLs of md-manager, stand-bys too' },
  'sdn.url': { parse: urls, default: 'http://127.0.0.1:7002', help: 'base URLs of the sdn-apps' },
  'analytics.url': {
    parse: urls,
    default: 'http://127.0.0.1:8080',
    help: 'base URLs of analytics; Grafana asks the first',
  },
  targets: {
    parse: listOf(text),
    default: '',
    help: 'files in the form of Prometheus’ file discovery: further processes. Where one names md-manager, sdn-app and analytics (that of a demo does), their URLs are taken from it',
  },
  'prometheus.port': { parse: integer(1, 65_535), default: '9090', help: 'port of Prometheus on 127.0.0.1' },
  'grafana.port': { parse: integer(1, 65_535), default: '3000', help: 'port of Grafana on 127.0.0.1' },
  alerts: {
    parse: oneOf('prometheus', 'grafana'),
    default: 'prometheus',
    help: 'who evaluates the alerts, and so who notifies: rules of Prometheus, or rules of Grafana',
  },
  'scrape.intervalS': { parse: integer(1, 60), default: '5', help: 'seconds between two readings of a process' },
  'grafana.image': { parse: text, default: 'docker.io/grafana/grafana-oss:latest', help: 'image for the compose file' },
  'prometheus.image': { parse: text, default: 'docker.io/prom/prometheus:latest', help: 'image for the compose file' },
} as const satisfies Settings;

export type DashboardsConfig = ConfigOf<typeof SETTINGS>;
