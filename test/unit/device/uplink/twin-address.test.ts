import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { Registrar } from '../../../../device/uplink/registration.js';
import { twinPeer } from '../../../../device/uplink/twin-address.js';
import type { HttpClient } from '../../../../protocol/api/http-client.js';
import type { Registration } from '../../../../protocol/api/md-manager.js';
import { METRICS, type MetricName } from '../../../../protocol/metrics.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const twin = { address: '10.64.0.7', port: 5683 };
const twin6 = { address: 'fded:9e00:0:64:0:0:0:7', port: 5683 };
const FOUR: Registration = { vehicle: 'car-1', number: 7, twin, nextBoot: 2 };
const BOTH: Registration = { ...FOUR, twin6 };

describe('the twin address that a device sends to', () => {
  it('is that of its family', () => {
    assert.deepEqual(twinPeer(BOTH, 'ipv4'), twin);
    assert.deepEqual(twinPeer(FOUR, 'ipv4'), twin);
  });

  it('is canonical over IPv6: answers come from there', () =>
    assert.deepEqual(twinPeer(BOTH, 'ipv6'), { address: 'fded:9e00:0:64::7', port: 5683 }));

  it('is none over IPv6 where the network has none', () => assert.equal(twinPeer(FOUR, 'ipv6'), undefined));

  it('is asked for again until the network has one of the family, and nothing is kept before', async () => {
    const clock = fakeClock();
    const answers = [FOUR, FOUR, BOTH];
    const kept: Registration[] = [];
    const metrics = new Metrics<MetricName>(METRICS);
    const registrar = new Registrar({
      manager: { call: (() => Promise.resolve(answers.shift())) as HttpClient['call'] },
      vehicle: 'car-1',
      key: '0'.repeat(32),
      keep: found => Promise.resolve(void kept.push(found)),
      family: 'ipv6',
      silenceMs: 30_000,
      clock,
      timers: clock,
      random: () => 0.5,
      log: silentLog,
      metrics,
    });
    const registered = registrar.register(1, new AbortController().signal);
    let found: Registration | undefined;
    void registered.then(done => void (found = done));
    for (let seconds = 0; found === undefined && seconds < 60; seconds++) await clock.advance(1_000);
    assert.deepEqual([await registered, kept, answers], [BOTH, [BOTH], []]);
    assert.match(await metrics.text(), /agent_registrations_total\{result="UPSTREAM_REFUSED"\} 2/);
  });
});
