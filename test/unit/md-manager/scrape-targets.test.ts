import assert from 'node:assert/strict';
import { scrapeTargetsRoute } from '../../../md-manager/rest/scrape-targets.js';

const host = (name: string, control: string) => {
  const [domain = ''] = name.split('/');
  return { host: name, domain, address: '127.0.0.1', port: 5683, control };
};

describe('targets for Prometheus', () => {
  it('are the hosts that there are, by domain and name, in the order of their numbers', () => {
    const hosts = [host('edge-1/10', 'http://127.96.0.10:5684'), host('edge-1/2', 'http://127.96.0.2:5684/')];
    const { handle, answer } = scrapeTargetsRoute(() => hosts);
    const given = handle({} as Parameters<typeof handle>[0]);
    assert.deepEqual(given, [
      { targets: ['127.96.0.2:5684'], labels: { domain: 'edge-1', host: 'edge-1/2' } },
      { targets: ['127.96.0.10:5684'], labels: { domain: 'edge-1', host: 'edge-1/10' } },
    ]);
    assert.ok(answer?.safeParse(given).success);
  });
});
