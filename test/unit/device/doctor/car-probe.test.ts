import assert from 'node:assert/strict';
import { loadConfig } from '../../../../common/config.js';
import { CAR_CHECKS } from '../../../../device/doctor/car-checks.js';
import { probeCar } from '../../../../device/doctor/car-probe.js';
import { findingsOf } from '../../../../device/doctor/findings.js';
import type { CarSeen } from '../../../../device/doctor/observations.js';
import { mayBeSent } from '../../../../device/obd/services.js';
import { OBD_SETTINGS, type ObdConfig } from '../../../../device/obd/settings.js';
import type { OpenLink } from '../../../../device/obd/types.js';
import { fault } from '../../../../protocol/errors.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { DRIVING, labAdapter, settled, type LabAdapter, type LabAdapterOptions } from '../../../fakes/lab-adapter.js';
import { nothingSeen } from './nothing-seen.js';

const never = new AbortController().signal;

async function examined(options: Omit<LabAdapterOptions, 'clock'>, open?: OpenLink, argv: readonly string[] = []) {
  const clock = fakeClock();
  const links: LabAdapter[] = [];
  const lab: OpenLink = () => {
    const link = labAdapter({ clock, ...options });
    links.push(link);
    return Promise.resolve(link);
  };
  const config = loadConfig(OBD_SETTINGS, { argv: ['--obd-serial', '/dev/lab', ...argv], env: {} }) as ObdConfig;
  const probe = { config, openLink: open ?? lab, clock, timers: clock, random: () => 0.5, measureMs: 6_000 };
  const car = await settled(probeCar(probe, never), clock);
  const found = new Map(findingsOf(CAR_CHECKS, nothingSeen({ car })).map(row => [row.check, row]));
  const severities = Object.fromEntries([...found].map(([check, { severity }]) => [check, severity]));
  return { car, found, severities, links, clock };
}

const seen = (car: CarSeen): Extract<CarSeen, { at: 'seen' }> => {
  assert.equal(car.at, 'seen');
  return car as Extract<CarSeen, { at: 'seen' }>;
};

describe('what the doctor sees of a car', () => {
  it('is adapter, protocol, units, signals, rates, voltage and codes, all well where they are', async () => {
    const { car, severities, found } = await examined({ car: { troubleCodes: [0x0171] } });
    assert.deepEqual(severities, {
      adapter: 'ok',
      maker: 'ok',
      protocol: 'ok',
      'control units': 'ok',
      signals: 'ok',
      rates: 'ok',
      voltage: 'ok',
      'trouble codes': 'note',
    });
    assert.match(found.get('trouble codes')!.seen, /P0171/);
    assert.match(found.get('protocol')!.seen, /CAN, 11 bit, 500/);
    assert.match(found.get('rates')!.seen, /Speed 5\..*a request takes \d+ ms, for up to 6 PIDs/);
    assert.match(found.get('voltage')!.seen, /14\.1 V at the plug, the engine runs/);
    assert.equal(seen(car).engineRpm, 1800);
  });

  it('is seen by sending nothing that the agent may not send, nor services 02 and up from 0A', async () => {
    const { links } = await examined({ clone: { banner: 'ELM327 v1.5', isNoisy: true, ignores: ['ATE0'] } });
    const sent = links.flatMap(({ commands }) => commands);
    assert.ok(sent.length > 20);
    for (const text of sent) {
      assert.ok(mayBeSent(text), text);
      assert.match(text, /^(AT|ST|01|03|07|09)/);
    }
  });

  it('is a closed link afterwards', async () => {
    const { links, clock } = await examined({});
    assert.deepEqual([links.map(link => link.isOpen), clock.pending], [[false], 0]);
  });

  it('is a copy where it is one, with what it lacks', async () => {
    const { found } = await examined({ clone: { banner: 'ELM327 v1.5', hasNoCounts: true } });
    assert.deepEqual([found.get('maker')!.severity, found.get('adapter')!.severity], ['warning', 'ok']);
    assert.match(found.get('maker')!.seen, /ELM327 v1\.5 is a copy that does not understand how many answers/);
    const good = await examined({ clone: { banner: 'ELM327 v1.5' } });
    assert.equal(good.found.get('maker')!.severity, 'note');
  });

  it('is a slow bus where it is one', async () => {
    const { found } = await examined({ bus: { protocol: 3 }, turnAroundMs: 150 });
    assert.equal(found.get('rates')!.severity, 'warning');
    assert.match(found.get('rates')!.means!, /one PID a request/);
  });

  it('is a car whose ignition is off where nobody answers at a low voltage: no fault', async () => {
    const values = (): typeof DRIVING => ({ ...DRIVING, voltage: 12.4, running: false });
    const { found, severities } = await examined({ car: { values, asleep: () => true } });
    assert.equal(found.get('protocol')!.severity, 'note');
    assert.match(found.get('protocol')!.todo!, /switch the ignition on/);
    assert.ok(!Object.values(severities).includes('fault'));
  });

  it('is a fault where nobody answers while something charges the battery', async () => {
    const { found, car } = await examined({ car: { asleep: () => true } });
    assert.equal(found.get('protocol')!.severity, 'fault');
    assert.match(found.get('protocol')!.seen, /no control unit answers at 14\.1 V \(.+\)/);
    assert.ok(seen(car).trouble);
  });

  for (const [cause, means] of [
    ['Error: Permission denied, cannot open /dev/ttyUSB0', /may not open serial ports/],
    ['Error Resource temporarily unavailable Cannot lock port', /another program has the port/],
    ['connect ECONNREFUSED 192.168.0.10:35000', /Wi-Fi adapter is not to be reached/],
  ] as const)
    it(`is out of reach, in words that help: ${cause}`, async () => {
      const open: OpenLink = () => Promise.reject(fault('OBD_LINK', '/dev/lab', { cause: new Error(cause) }));
      const { found, severities } = await examined({}, open);
      assert.deepEqual(severities, { adapter: 'fault' });
      assert.match(found.get('adapter')!.means!, means);
      assert.doesNotMatch(found.get('adapter')!.seen, /OBD_LINK/);
    });

  it('is not plugged in where it is not', async () => {
    const open: OpenLink = () => Promise.reject(fault('OBD_LINK', '/dev/lab is not plugged in'));
    const { found } = await examined({}, open);
    assert.match(found.get('adapter')!.todo!, /ls -l \/dev\/serial\/by-id/);
  });

  it('is an adapter that hangs where it says nothing at all', async () => {
    const mute: OpenLink = () =>
      Promise.resolve({
        write: () => undefined,
        onData: () => undefined,
        closed: new Promise(() => undefined),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    const { found } = await examined({}, mute);
    assert.equal(found.get('adapter')!.severity, 'fault');
    assert.match(found.get('adapter')!.todo!, /pull it/);
  });
});
