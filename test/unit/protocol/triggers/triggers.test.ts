import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  locationSightings,
  zonalPresence,
  zonalTrafficSubscription,
} from '../../../../protocol/triggers/mec-location.js';
import {
  mobilityNotification,
  mobilityProcedure,
  mobilitySightings,
  mobilitySubscription,
} from '../../../../protocol/triggers/mec-mobility.js';
import { nefAck, nefNotification, nefSightings, nefSubscription } from '../../../../protocol/triggers/nef.js';
import { smfAck, smfNotification, smfSightings, smfSubscription } from '../../../../protocol/triggers/smf.js';

const AT_MS = Date.UTC(2026, 10, 21, 3);

/** With the fields of TS 29.508 §5.6.2.3 (EventNotification). */
const PATH_CHANGE = {
  ...{ event: 'UP_PATH_CH', timeStamp: '2026-11-21T03:00:00Z', supi: 'imsi-001010000000001', pduSeId: 5 },
  ...{ gpsi: 'msisdn-34600000001', dnaiChgType: 'LATE', sourceDnai: 'edge-1', targetDnai: 'edge-2' },
  ...{ sourceUeIpv4Addr: '10.45.0.7', targetUeIpv4Addr: '10.45.0.9' },
  targetTraRouting: { dnai: 'edge-2', routeInfo: { ipv4Addr: '10.2.0.1', portNumber: 0 } },
};
const smf = (...eventNotifs: unknown[]) =>
  smfSightings(smfNotification.parse({ notifId: 'n', ackUri: 'https://smf.example/ack/17', eventNotifs }));

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

  it('is asked for, before and after, and answered by the name that it used', () => {
    const wish = smfSubscription({ notifId: 'n', notifUri: 'https://af.example/smf', dnn: 'v2x' });
    assert.deepEqual(wish['eventSubs'], [{ event: 'UP_PATH_CH', dnaiChgType: 'EARLY_LATE' }, { event: 'PDU_SES_REL' }]);
    const [sighting] = smf(PATH_CHANGE).sightings;
    assert.ok(sighting);
    assert.deepEqual(smfAck('n', sighting, 'SUCCESS'), {
      notifId: 'n',
      ackResult: { afStatus: 'SUCCESS' },
      gpsi: 'msisdn-34600000001',
    });
  });
});

describe('news of the network exposure function (TS 29.522)', () => {
  const told = {
    ...{ afTransId: 't', subscribedEvent: 'UP_PATH_CHANGE', dnaiChgType: 'EARLY', gpsi: 'msisdn-1' },
    ...{ sourceDnai: 'edge-1', targetDnai: 'edge-2', tgtUeIpv4Addr: '10.45.0.9', afAckUri: 'https://nef.example/ack' },
  };

  it('says the same under other names', () => {
    const notification = nefNotification.parse(told);
    assert.deepEqual(nefSightings(notification, AT_MS).sightings, [
      {
        ...{ origin: 'nef', phase: 'early', device: { kind: 'gpsi', value: 'msisdn-1' }, atMs: AT_MS },
        ...{ source: 'edge-1', target: 'edge-2', address: '10.45.0.9' },
      },
    ]);
    assert.deepEqual(nefAck(notification, 'OTHER'), {
      afTransId: 't',
      ackResult: { afStatus: 'OTHER' },
      gpsi: 'msisdn-1',
    });
    assert.deepEqual(
      nefSubscription({ afTransId: 't', notificationDestination: 'https://af.example', dnn: 'v2x' })[
        'subscribedEvents'
      ],
      ['UP_PATH_CHANGE'],
    );
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
    assert.match(
      JSON.stringify(zonalTrafficSubscription('edge-1', 'https://x.example', 'c')),
      /"notifyURL":"https:\/\/x.example"/,
    );
  });
});

describe('news of application mobility (MEC 021)', () => {
  const link = { subscription: { href: 'https://mec.example/sub/1' } };
  const device = { type: 'UE_IPv4_ADDRESS', value: '10.45.0.7' };

  it('is read as it is written, for hand-overs of ours, too', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('INTERHOST_MOVEOUT_TRIGGERED' as const, 'INTERHOST_MOVEOUT_COMPLETED' as const),
        fc.integer({ min: 0, max: 4_000_000_000_000 }),
        (status, atMs) => {
          const written = mobilityProcedure({
            device,
            status,
            targetHost: 'edge-2/1',
            atMs,
            subscription: link.subscription.href,
          });
          const [sighting] = mobilitySightings(mobilityNotification.parse(written), 0).sightings;
          assert.deepEqual(sighting, {
            ...{ origin: 'mec-mobility', phase: status.endsWith('TRIGGERED') ? 'early' : 'late', atMs },
            ...{ device: { kind: 'ipv4', value: '10.45.0.7' }, target: 'edge-2/1' },
          });
        },
      ),
    );
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
    assert.match(JSON.stringify(mobilitySubscription('app', 'https://x.example')), /INTERHOST_MOVEOUT_FAILED/);
  });
});
