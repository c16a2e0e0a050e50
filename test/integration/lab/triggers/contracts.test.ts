import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../../common/clock.js';
import { packageRoot } from '../../../../common/package-root.js';
import { Contract } from '../../../../lab/triggers/contract.js';
import { registrationContract } from '../../../../md-manager/triggers/far-ends/mec-registration.js';
import { zonalTraffic } from '../../../../protocol/triggers/mec-location.js';
import { told } from '../../../../protocol/triggers/mec-mobility.js';
import { nefAck, nefSubscription } from '../../../../protocol/triggers/nef.js';
import { smfAck, smfSubscription } from '../../../../protocol/triggers/smf.js';

const SPECS = join(packageRoot(), '..', 'shared', 'specs');
const URL_OF = 'http://127.0.0.1:7001/x';
const AT_MS = Date.UTC(2026, 10, 21, 3) + 250;
const ACK = { status: 'SUCCESS', device: { kind: 'gpsi', value: 'msisdn-34600000001' } } as const;
const target = { appInstanceId: 'edge-2/1', commInterface: { ipAddresses: [{ host: '10.96.0.1', port: 5683 }] } };

/** What a registration of ours is at a platform. */
let registrationSent: unknown;
const taken = { status: 201, location: URL_OF, body: { serviceConsumerId: {} } };
await registrationContract(
  { send: ({ json }) => Promise.resolve(((registrationSent = json), taken)) },
  {
    ...{ appInstanceId: 'edgetwin', lifeS: 60 },
    devices: () => [
      {
        associateId: { type: 'UE_IPv4_ADDRESS', value: '10.45.0.7' },
        ...{
          appMobilityServiceLevel: 'APP_MOBILITY_WITHOUT_CONFIRMATION',
          contextTransferState: 'USER_CONTEXT_TRANSFER_COMPLETED',
        },
      },
    ],
  },
  systemClock,
).create(new AbortController().signal);

/** All that we send, by the contract and the schema that it has to meet. */
const SENT: readonly (readonly [contract: Parameters<typeof Contract.of>[0], schema: string, body: unknown])[] = [
  [
    'smf',
    'NsmfEventExposure',
    smfSubscription({ notifId: 'n', notifUri: URL_OF, dnn: 'v2x', snssai: { sst: 1 }, expiresAtMs: AT_MS }),
  ],
  ['smf', 'AckOfNotify', smfAck('n', ACK)],
  [
    'nef',
    'TrafficInfluSub',
    nefSubscription({
      afAppId: 'a',
      afTransId: 't',
      notificationDestination: URL_OF,
      snssai: { sst: 1, sd: '0102ff' },
    }),
  ],
  ['nef', 'AfAckInfo', nefAck('t', ACK)],
  [
    'mec-location',
    'InlineZonalTrafficSubscription',
    zonalTraffic({ zoneId: 'edge-1', notifyURL: URL_OF, clientCorrelator: 'c', durationS: 60 }, URL_OF),
  ],
  [
    'mec-mobility',
    'MobilityProcedureNotification',
    told.mobility(
      {
        associateId: [{ type: 'UE_IPv4_ADDRESS', value: '10.45.0.7' }],
        ...{ status: 'INTERHOST_MOVEOUT_TRIGGERED', target, atMs: AT_MS },
      },
      URL_OF,
    ),
  ],
  ['mec-mobility', 'RegistrationInfo', registrationSent],
  ['mec-mobility', 'AdjacentAppInfoNotification', told.adjacent([target], AT_MS, URL_OF)],
  ['mec-mobility', 'ExpiryNotification', told.expiry(AT_MS, AT_MS, URL_OF)],
  ['mec-mobility', 'TestNotification', told.test(URL_OF)],
];

/** Where the whole contract is, of which ours are parts. */
const WHOLE = {
  smf: ['nsmf-event-exposure-subset.schema.json', '/$defs/'],
  'mec-location': ['mec-advantedge-loc-serv.yaml', '/components/schemas/'],
  'mec-mobility': ['mec-advantedge-ams.yaml', '/components/schemas/'],
} as const;

describe('what md-manager and core networks or MEC platforms say to one another', () => {
  for (const [name, schema, body] of SENT)
    it(`is as the contract says: ${schema} of ${name}`, () => {
      assert.equal(Contract.of(name).fault(schema, body), undefined);
      assert.notEqual(Contract.of(name).fault(schema, schema.startsWith('Inline') ? [] : {}), undefined);
    });

  for (const [name, [file, where]] of Object.entries(WHOLE) as [
    keyof typeof WHOLE,
    (typeof WHOLE)[keyof typeof WHOLE],
  ][])
    it(`is as the whole contract of ${name} says, too`, function () {
      const path = join(SPECS, file);
      if (!existsSync(path)) {
        process.stdout.write(`skipped: ${path} is not here\n`);
        this.skip();
      }
      const whole = Contract.read(path);
      for (const [, schema, body] of SENT.filter(([of]) => of === name)) {
        // There `adjacentAppInfo` is an object with `items`, which no list can be (lab/triggers/contracts/mec-mobility.yaml).
        if (schema === 'AdjacentAppInfoNotification') continue;
        assert.equal(whole.fault(schema, body, where), undefined);
      }
    });

  it('is refused with what is missing or wrong', () => {
    const smf = Contract.of('smf');
    assert.match(smf.fault('NsmfEventExposure', { notifId: 'n', notifUri: URL_OF }) ?? '', /eventSubs/);
    assert.match(smf.fault('AckOfNotify', { notifId: 'n', ackResult: {} }) ?? '', /afStatus/);
    const nef = Contract.of('nef');
    const { anyUeInd: _any, ...whose }: Record<string, unknown> = nefSubscription({
      afAppId: 'a',
      afTransId: 't',
      notificationDestination: URL_OF,
    });
    assert.notEqual(nef.fault('TrafficInfluSub', whose), undefined);
    assert.notEqual(nef.fault('TrafficInfluSub', { ...whose, anyUeInd: true, gpsi: 'msisdn-34600000001' }), undefined);
    const { notificationDestination: _to, ...nowhere }: Record<string, unknown> = { ...whose, anyUeInd: true };
    assert.notEqual(nef.fault('TrafficInfluSub', nowhere), undefined);
  });
});
