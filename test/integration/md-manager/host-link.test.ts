import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { HostLink } from '../../../md-manager/pool/host-link.js';
import { hostRef } from '../../fakes/host-refs.js';

const PROBE_MS = 20;

describe('the line to a vMD host', () => {
  let server: Server;
  let probes: number;
  let onProbe: () => void;
  let control: string;
  let made: HostLink;
  /** A host whose event stream is open; `answers` tells whether its health is given. */
  const open = async (health: object | undefined): Promise<void> => {
    probes = 0;
    onProbe = () => undefined;
    server = createServer((request, response) => {
      if (request.url === '/v1/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(': open\n\n');
      } else if (request.url === '/v1/health?slots=none') {
        probes++;
        onProbe();
        if (health !== undefined)
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(health));
      } else response.writeHead(204).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    control = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const link = (lateMs: number, onLost: (reason: string) => void): HostLink =>
    new HostLink(
      { ...hostRef('edge-1/1'), control },
      {
        ...{ clock: systemClock, timers: systemTimers, term: 1, via: undefined },
        timing: { probeMs: PROBE_MS, leaseMs: 6_000, renewMs: 60_000, stalledMs: 2_000 },
        loop: { lateSince: () => lateMs, close: () => undefined } as never,
        acting: () => [],
        onEvent: () => undefined,
        onLeaseRefused: () => undefined,
        onLost: (_host, reason) => onLost(reason),
        onMissed() {},
      },
    );

  it('is lost after three probes without an answer, and not before', async () => {
    await open(undefined);
    let probesThen = 0;
    const lost = new Promise<string>(resolve => {
      made = link(0, reason => {
        probesThen = probes;
        resolve(reason);
      });
    });
    made.start();
    assert.match(await lost, /^3 probes missed/);
    assert.ok(probesThen >= 3, `${probesThen} probes`);
    await made[Symbol.asyncDispose]();
  });

  it('is not lost by probes that this process itself was late for', async () => {
    await open(undefined);
    let lost = false;
    await using late = link(500, () => void (lost = true));
    const tenth = new Promise<void>(resolve => {
      onProbe = () => {
        if (probes === 10) resolve();
      };
    });
    late.start();
    await tenth;
    assert.equal(lost, false);
  });

  it('is lost when its commits make no progress', async () => {
    await open({ host: { ...hostRef('edge-1/1') }, pid: 1, startTicks: 1, stalledMs: 2_001, slots: [] });
    const lost = new Promise<string>(resolve => {
      made = link(0, resolve);
    });
    made.start();
    assert.match(await lost, /^no write progress/);
    await made[Symbol.asyncDispose]();
  });
});
