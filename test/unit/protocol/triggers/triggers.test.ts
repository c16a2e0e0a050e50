import assert from 'node:assert/strict';
import { locationSightings, zonalPresence } from '../../../../protocol/triggers/mec-location.js';
import { mobilityNotification, mobilitySightings } from '../../../../protocol/triggers/mec-mobility.js';
import { nefNotification, nefSightings } from '../../../../protocol/triggers/nef.js';
import { smfNotification, smfSightings } from '../../../../protocol/triggers/smf.js';

const AT_MS = Date.UTC(2026, 10, 21, 3);

/** With the fields of TS 29.508 §5.6.2.3 (EventNotification). */
const PATH_CHANGE = {
  ...{ event: 'UP_PATH_CH', timeStamp: '2026-11-21T03:00:00Z', supi: 'imsi-001010000000001', pduSeId: 5 },
  ...{ gpsi: 'msisdn-34600000001', dnaiChgType: 'LATE', sourceDnai: 'edge-1', targetDnai: 'edge-2' },
  ...{ sourceUeIpv4Addr: '10.45.0.7', targetUeIpv4Addr: '10.45.0.9' },
  targetTraRouting: { dnai: 'edge-2', routeInfo: { ipv4Addr: '10.2.0.1', portNumber: 0 } },
};
const smf = (...eventNotifs: unknown[]) => smfSightings(smfNotification.parse({ notifId: 'n', eventNotifs }));

describe('news of the session management function (TS 29.508)', () => {
  it('of a path that changed: who, from where, whereto, when', () => {
    assert.deepEqual(smf(PATH_CHANGE), {
      sightings: [
        {
          ...{ origin: 'smf', phase: 'late', device: { kind: 'gpsi', value: 'msisdn-34600000001' }, atMs: AT_MS },
          ...{ source: 'edge-1', target: 'edge-2', address: '10.45.0.9' },
        },
      ],
      passedOver: 0,
    });
  });

  it('of a path that is about to change', () => {
    assert.equal(smf({ ...PATH_CHANGE, dnaiChgType: 'EARLY' }).sightings[0]?.phase, 'early');
  });

  it('of a first path, without a source, and of the last, without a target', () => {
    const { sourceDnai: _from, ...first } = PATH_CHANGE;
    assert.deepEqual([smf(first).sightings[0]?.source, smf(first).sightings[0]?.target], [undefined, 'edge-2']);
    const { targetDnai: _to, targetTraRouting: _route, ...last } = PATH_CHANGE;
    assert.equal(smf(last).sightings[0]?.phase, 'gone');
    assert.equal(smf({ ...PATH_CHANGE, event: 'PDU_SES_REL' }).sightings[0]?.phase, 'gone');
  });

  it('of routes alone, and of devices by any of their names', () => {
    const { targetDnai: _to, gpsi: _gpsi, ...rest } = PATH_CHANGE;
    assert.deepEqual(smf(rest).sightings[0]?.device, { kind: 'supi', value: 'imsi-001010000000001' });
    assert.equal(smf(rest).sightings[0]?.target, 'edge-2');
    const { supi: _supi, ...nameless } = rest;
    assert.deepEqual(smf({ ...nameless, ueMac: 'AA-BB-CC-00-11-22' }).sightings[0]?.device, {
      kind: 'mac',
      value: 'aa:bb:cc:00:11:22',
    });
    assert.deepEqual(smf(nameless).sightings[0]?.device, { kind: 'ipv4', value: '10.45.0.7' });
  });

  it('passes over what it does not know, and keeps the rest', () => {
    const { sightings, passedOver } = smf(
      { event: 'QOS_MON', timeStamp: '2026-11-21T03:00:00Z' },
      PATH_CHANGE,
      { ...PATH_CHANGE, dnaiChgType: 'SOMETIME' },
      { ...PATH_CHANGE, timeStamp: 'yesterday' },
      { event: 'UP_PATH_CH', timeStamp: '2026-11-21T03:00:00Z', dnaiChgType: 'LATE' },
    );
    assert.deepEqual([sightings.length, passedOver], [1, 4]);
    assert.equal(smfNotification.safeParse({ notifId: 'n', eventNotifs: [] }).success, false);
  });
});

describe('news of the network exposure function (TS 29.522)', () => {
  const told = {
    ...{ subscribedEvent: 'UP_PATH_CHANGE', dnaiChgType: 'EARLY', gpsi: 'msisdn-1' },
    ...{ sourceDnai: 'edge-1', targetDnai: 'edge-2', tgtUeIpv4Addr: '10.45.0.9' },
  };

  it('says the same under other names', () => {
    assert.deepEqual(nefSightings(nefNotification.parse(told), AT_MS).sightings, [
      {
        ...{ origin: 'nef', phase: 'early', device: { kind: 'gpsi', value: 'msisdn-1' }, atMs: AT_MS },
        ...{ source: 'edge-1', target: 'edge-2', address: '10.45.0.9' },
      },
    ]);
  });

  it('passes over other events', () => {
    for (const other of [{ subscribedEvent: 'X' }, { dnaiChgType: 'X' }, { gpsi: undefined, tgtUeIpv4Addr: undefined }])
      assert.equal(nefSightings(nefNotification.parse({ ...told, ...other }), AT_MS).passedOver, 1);
  });
});

describe('news of a location service (MEC 013)', () => {
  const told = (userEventType: string) =>
    locationSightings(
      zonalPresence.parse({
        zonalPresenceNotification: {
          ...{ zoneId: 'edge-2', address: 'acr:10.45.0.7', userEventType, currentAccessPointId: 'ap-3' },
          timestamp: { seconds: AT_MS / 1000, nanoSeconds: 500_000_000 },
        },
      }),
    );

  it('of who enters a zone or changes its access point there', () => {
    for (const event of ['Entering', 'TRANSFERRING'])
      assert.deepEqual(told(event).sightings, [
        {
          ...{ origin: 'mec-location', phase: 'late', device: { kind: 'address', value: 'acr:10.45.0.7' } },
          ...{ atMs: AT_MS + 500, target: 'edge-2', accessPoint: 'ap-3' },
        },
      ]);
  });

  it('of who leaves it, and passes over the rest', () => {
    assert.deepEqual([told('Leaving').sightings[0]?.phase, told('Leaving').sightings[0]?.source], ['gone', 'edge-2']);
    assert.deepEqual(told('Dancing'), { sightings: [], passedOver: 1 });
  });
});

describe('news of application mobility (MEC 021)', () => {
  const link = { subscription: { href: 'https://mec.example/sub/1' } };
  const device = { type: 'UE_IPv4_ADDRESS', value: '10.45.0.7' };

  it('of who is about to move, and of who has', () => {
    for (const [status, phase] of [
      ['INTERHOST_MOVEOUT_TRIGGERED', 'early'],
      ['INTERHOST_MOVEOUT_COMPLETED', 'late'],
    ] as const) {
      const told = mobilityNotification.parse({
        ...{ notificationType: 'MobilityProcedureNotification', mobilityStatus: status, associateId: [device] },
        ...{ timeStamp: { seconds: AT_MS / 1000, nanoSeconds: 250_000_000 }, _links: link },
        targetAppInfo: { appInstanceId: 'edge-2/1' },
      });
      assert.deepEqual(mobilitySightings(told, 0).sightings, [
        {
          ...{ origin: 'mec-mobility', phase, device: { kind: 'ipv4', value: '10.45.0.7' } },
          ...{ target: 'edge-2/1', atMs: AT_MS + 250 },
        },
      ]);
    }
  });

  it('takes the numbers of the older text; what failed, what is unknown, and tests change nothing', () => {
    const of = (mobilityStatus: unknown, associateId = [device]) =>
      mobilitySightings(
        mobilityNotification.parse({
          notificationType: 'MobilityProcedureNotification',
          associateId,
          mobilityStatus,
          _links: link,
        }),
        AT_MS,
      );
    assert.deepEqual(
      [1, 2, 3, 9].map(number => of(number).sightings[0]?.phase),
      ['early', 'late', undefined, undefined],
    );
    assert.deepEqual(of(1, [device, { type: 'GTP_TEID', value: '7' }]).passedOver, 1);
    assert.equal(of(1).sightings[0]?.atMs, AT_MS);
    assert.deepEqual(
      mobilitySightings(mobilityNotification.parse({ notificationType: 'TestNotification', _links: link }), 0),
      { sightings: [], passedOver: 0 },
    );
  });
});
