import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import type { FarEnd, FarEndOptions } from '../../../../lab/triggers/far-end.js';
import { openMecLocation } from '../../../../lab/triggers/mec-location.js';
import { openMecMobility } from '../../../../lab/triggers/mec-mobility.js';
import { openNef } from '../../../../lab/triggers/nef.js';
import { openSmf } from '../../../../lab/triggers/smf.js';
import { FarEndClient } from '../../../../md-manager/triggers/far-end-client.js';
import { locationContract } from '../../../../md-manager/triggers/far-ends/mec-location.js';
import { mobilityContract } from '../../../../md-manager/triggers/far-ends/mec-mobility.js';
import { registrationContract } from '../../../../md-manager/triggers/far-ends/mec-registration.js';
import { nefContract } from '../../../../md-manager/triggers/far-ends/nef.js';
import { smfContract } from '../../../../md-manager/triggers/far-ends/smf.js';
import { Standing, type Contract } from '../../../../md-manager/triggers/standing.js';
import { METRICS } from '../../../../protocol/metrics.js';
import { eventually } from '../../../fakes/eventually.js';
import { fakeClock, type FakeClock } from '../../../fakes/fake-clock.js';

const CALLBACK = 'http://127.0.0.1:9/callback';
const LIFE_MS = 600_000;

interface Kind {
  open(options: FarEndOptions): Promise<FarEnd>;
  contract(client: FarEndClient, clock: FakeClock): Contract;
  /** Whether what an earlier manager left behind can be found. */
  readonly lists: boolean;
  readonly ends: boolean;
}

const KINDS: Readonly<Record<FarEnd['name'] | 'mec-mobility, to register there', Kind>> = {
  smf: {
    open: openSmf,
    contract: (client, clock) =>
      smfContract(
        client,
        { notifId: 'n', notifUri: CALLBACK, dnn: 'v2x', snssai: { sst: 1, sd: '010203' } },
        LIFE_MS,
        clock,
      ),
    ...{ lists: false, ends: true },
  },
  nef: {
    open: openNef,
    contract: client =>
      nefContract(client, 'af-1', {
        ...{
          afAppId: 'edgetwin',
          afTransId: 't',
          notificationDestination: CALLBACK,
          dnn: undefined,
          snssai: undefined,
        },
      }),
    ...{ lists: true, ends: false },
  },
  'mec-location': {
    open: openMecLocation,
    contract: (client, clock) =>
      locationContract(
        client,
        { zoneId: 'edge-1', notifyURL: CALLBACK, clientCorrelator: 'c', durationS: LIFE_MS / 1_000 },
        clock,
      ),
    ...{ lists: true, ends: true },
  },
  'mec-mobility': {
    open: openMecMobility,
    contract: (client, clock) =>
      mobilityContract(client, { callbackReference: CALLBACK, appInstanceId: 'vmd', lifeMs: LIFE_MS }, clock),
    ...{ lists: true, ends: true },
  },
  'mec-mobility, to register there': {
    open: async options => {
      const platform = await openMecMobility(options);
      return { ...platform, book: platform.services };
    },
    contract: (client, clock) =>
      registrationContract(client, { appInstanceId: 'vmd', devices: () => [], lifeS: LIFE_MS / 1_000 }, clock),
    ...{ lists: true, ends: true },
  },
};

for (const [name, kind] of Object.entries(KINDS))
  describe(`a standing subscription at ${name}`, () => {
    let clock: FakeClock;
    let farEnd: FarEnd;
    let client: FarEndClient;
    let folder: string;
    let standing: Standing | undefined;
    const metrics = new Metrics(METRICS);

    beforeEach(async () => {
      clock = fakeClock();
      folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
      await writeFile(join(folder, 'token'), 'secret\n');
      farEnd = await kind.open({ clock, token: 'secret' });
      client = await FarEndClient.open({ url: farEnd.door.url, tokenFile: join(folder, 'token'), timeoutMs: 2_000 });
    });
    afterEach(async () => {
      await standing?.[Symbol.asyncDispose]();
      standing = undefined;
      await client[Symbol.asyncDispose]();
      await farEnd[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });

    const start = (): Standing =>
      (standing = new Standing(kind.contract(client, clock), {
        ...{ clock, timers: clock, random: () => 0.5, metrics, log: silentLog },
      }));
    const at = (state: Standing['state']['at']): Promise<void> =>
      eventually(`it is ${state}`, () => standing?.state.at === state);
    /** Time goes on for as long as it takes; what it sets going is real. */
    const within = (what: string, holds: () => boolean, stepMs = 5_000): Promise<void> =>
      eventually(what, async () => {
        if (holds()) return true;
        await clock.advance(stepMs);
        return false;
      });
    const requests = (): number => farEnd.door.asked.length;

    it('is made as the contract says, and ended with us', async () => {
      start();
      await at('held');
      assert.equal(farEnd.book.all().length, 1);
      await standing?.[Symbol.asyncDispose]();
      assert.equal(farEnd.book.all().length, 0);
    });

    it('outlives its time by being renewed, and stays one', async () => {
      start();
      await at('held');
      const before = farEnd.book.all()[0];
      for (let renewals = 1; renewals <= 3; renewals++) {
        const asked = requests();
        await clock.advance(0.65 * LIFE_MS);
        await eventually('it was renewed', () => requests() > asked);
        await at('held');
        assert.equal(farEnd.book.all().length, 1);
      }
      assert.equal(farEnd.book.all()[0]?.id, before?.id);
    });

    it('is made anew where it was forgotten', async () => {
      start();
      await at('held');
      farEnd.book.forget();
      await within('it is there again', () => farEnd.book.all().length === 1);
      await at('held');
    });

    it('waits for a far end that is away at the start, and comes back from 5xx and 4xx', async () => {
      for (const trouble of ['away', { status: 503 }, { status: 429 }, { status: 403 }] as const) {
        farEnd.door.trouble = () => trouble;
        start();
        await at(typeof trouble === 'object' && trouble.status === 403 ? 'refused' : 'away');
        const before = requests();
        if (trouble !== 'away') await within('it was asked again', () => requests() > before + 2, 1_000);
        farEnd.door.trouble = () => undefined;
        await within('it is there', () => standing?.state.at === 'held', 1_000);
        await standing?.[Symbol.asyncDispose]();
        assert.equal(farEnd.book.all().length, 0);
      }
    });

    it('shows a token that was renewed', async () => {
      farEnd.door.token = 'newer';
      start();
      await at('refused');
      await writeFile(join(folder, 'token'), 'newer');
      await within('it is there', () => standing?.state.at === 'held', 1_000);
    });

    it('follows where the far end has moved, and keeps its token to itself', async () => {
      await using other = await kind.open({ clock });
      farEnd.door.trouble = method => (method === 'POST' ? { movedTo: other.door.origin } : undefined);
      start();
      await at('held');
      assert.equal(other.book.all().length, 1);
    });

    it('is renewed at once when it is told to, also while it is being renewed, and not sooner where it is away', async () => {
      start();
      await at('held');
      let asked = requests();
      standing?.hurry();
      await eventually('it is renewed', () => requests() === asked + 1);
      asked = requests();
      farEnd.door.trouble = () => {
        farEnd.door.trouble = () => undefined;
        standing?.hurry();
        return undefined;
      };
      standing?.hurry();
      await eventually('it is renewed twice', () => requests() === asked + 2);
      farEnd.door.trouble = () => ({ status: 503 });
      standing?.hurry();
      await at('away');
      asked = requests();
      standing?.hurry();
      await clock.advance(100);
      assert.equal(requests(), asked);
      farEnd.door.trouble = () => undefined;
      await within('it is there', () => standing?.state.at === 'held', 1_000);
    });

    if (kind.lists)
      it('of an earlier manager is taken over, and others of ours are ended', async () => {
        const contract = kind.contract(client, clock);
        const never = new AbortController().signal;
        await contract.create(never);
        await contract.create(never);
        start();
        await at('held');
        await eventually('it is one', () => farEnd.book.all().length === 1);
      });
    if (kind.ends)
      it('that nobody renews ends by itself', async () => {
        await kind.contract(client, clock).create(new AbortController().signal);
        assert.equal(farEnd.book.all().length, 1);
        await clock.advance(LIFE_MS + 1);
        assert.equal(farEnd.book.all().length, 0);
      });
  });
