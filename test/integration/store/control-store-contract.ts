import assert from 'node:assert/strict';
import { codeOf } from '../../../common/errors.js';
import {
  MANAGER_SERVICE,
  MAX_STANDBYS_PER_WRITE,
  type ControlStore,
  type HandoverRow,
  type NoteRow,
  type OrderRow,
  type StandbyRow,
} from '../../../store/types.js';
import { START_MS, device, instance, owner } from '../../fakes/store-rows.js';
import type { OpenedStore } from './opened-store.js';

const handover = (id: string, vehicle: string, startedAtMs: number, open: boolean): HandoverRow => ({
  id,
  vehicle,
  open,
  startedAtMs,
  schema: 1,
  state: { at: open ? 'preparing' : 'completed', attempt: 1 },
});

/** What every ControlStore does, whatever lies behind it. */
export function controlStoreContract(name: string, open: () => Promise<OpenedStore<ControlStore>>): void {
  describe(`${name} as a ControlStore`, () => {
    let opened: OpenedStore<ControlStore>;
    let store: ControlStore;
    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened[Symbol.asyncDispose]());

    it('inserts a device once, by name and by number', async () => {
      assert.equal(await store.insertDevice(device('car-1', 1)), 'applied');
      assert.equal(await store.insertDevice(device('car-1', 1)), 'applied');
      assert.equal(await store.insertDevice(device('car-1', 2)), 'refused');
      assert.equal(await store.insertDevice(device('car-2', 1)), 'refused');
      assert.equal(await store.insertDevice(device('car-2', 2)), 'applied');
      assert.deepEqual(await store.device('car-2'), device('car-2', 2));
      assert.equal((await store.devices()).length, 2);
    });

    it('gives one number to one of many that want it', async () => {
      const other = await opened.another();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).insertDevice(device(`car-${i}`, 5))),
      );
      assert.equal(outcomes.filter(outcome => outcome === 'applied').length, 1);
    });

    it('inserts the owner at epoch 0 once', async () => {
      assert.equal(await store.insertOwner(owner('car-1', 0)), 'applied');
      assert.equal(await store.insertOwner(owner('car-1', 0)), 'applied');
      assert.equal(await store.insertOwner(owner('car-1', 0, { host: 'edge-1/2' })), 'refused');
      assert.deepEqual(await store.owner('car-1'), owner('car-1', 0));
    });

    it('claims only above the stored epoch, and the same claim again', async () => {
      assert.equal(await store.claim(owner('car-1', 3)), 'refused', 'not registered');
      await store.insertOwner(owner('car-1', 0));
      assert.equal(await store.claim(owner('car-1', 3)), 'applied');
      assert.equal(await store.claim(owner('car-1', 3, { claimedAtMs: 1 })), 'applied');
      assert.equal(await store.claim(owner('car-1', 3, { attempt: 1 })), 'refused');
      assert.equal(await store.claim(owner('car-1', 3, { handover: 'another' })), 'refused');
      assert.equal(await store.claim(owner('car-1', 2)), 'refused');
      assert.deepEqual(await store.owner('car-1'), owner('car-1', 3));
      assert.deepEqual(await store.owners(), [owner('car-1', 3)]);
    });

    it('has one winner per epoch', async () => {
      await store.insertOwner(owner('car-1', 0));
      const other = await opened.another();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).claim(owner('car-1', 1, { handover: `h${i}` }))),
      );
      assert.equal(outcomes.filter(outcome => outcome === 'applied').length, 1);
    });

    it('burns each epoch once, above every claimed one', async () => {
      assert.equal(await store.highestEpoch('car-1'), 0);
      const other = await opened.another();
      const burnt = await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? store : other).burnEpoch('car-1')));
      assert.deepEqual(
        burnt.sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, i) => i + 1),
      );
      assert.equal(await other.highestEpoch('car-1'), 20);
      await store.insertOwner(owner('car-1', 0));
      await store.claim(owner('car-1', 30));
      assert.equal(await store.burnEpoch('car-1'), 31);
      assert.equal(await store.burnEpoch('car-2'), 1);
    });

    it('burns above an epoch that somebody has used of his own accord, and stays above it', async () => {
      assert.equal(await store.burnEpoch('car-1', 7), 8);
      assert.equal(await store.burnEpoch('car-1', 3), 9);
      assert.equal(await store.burnEpoch('car-1'), 10);
    });

    it('tells the highest epochs of all vehicles that have burnt one', async () => {
      assert.deepEqual(await store.highestEpochs(), new Map());
      await store.burnEpoch('car-1', 4);
      await store.burnEpoch('car-2');
      await store.burnEpoch('car-2');
      const other = await opened.another();
      assert.deepEqual([...(await other.highestEpochs())].sort(), [
        ['car-1', 5],
        ['car-2', 2],
      ]);
    });

    it('keeps standby slots until their leases end', async () => {
      const rest = { domain: 'edge-1', host: 'edge-1/1', reason: 'neighbour ap-3', untilMs: START_MS };
      const armed: StandbyRow = { lease: 'l-1', way: 'armed', vehicle: 'car-1', ...rest };
      const ticket: StandbyRow = { lease: 'l-2', way: 'ticket', ...rest };
      await store.writeStandbys([armed, ticket], []);
      await store.writeStandbys([{ ...armed, untilMs: START_MS + 1 }], ['l-2', 'l-9']);
      assert.deepEqual(await store.standbys(), [{ ...armed, untilMs: START_MS + 1 }]);
      await store.writeStandbys([], []);
      await store.writeStandbys([], ['l-1']);
      assert.deepEqual(await (await opened.reopen()).standbys(), []);
    });

    it('writes as many standby slots at once as it says, and ends some in the same write', async () => {
      const slot = (i: number): StandbyRow => ({
        ...{ lease: `l-${String(i).padStart(3, '0')}`, way: 'armed', vehicle: `car-${i}`, domain: 'edge-1' },
        ...{ host: 'edge-1/1', reason: 'neighbour ap-3', untilMs: START_MS + i },
      });
      const slots = Array.from({ length: MAX_STANDBYS_PER_WRITE }, (_, i) => slot(i));
      await store.writeStandbys(slots, []);
      assert.deepEqual(await store.standbys(), slots);
      const [more, less] = [[900, 901, 902, 903, 904].map(slot), slots.slice(7, 18)];
      await store.writeStandbys(
        more,
        less.map(({ lease }) => lease),
      );
      const other = await opened.another();
      assert.deepEqual(await other.standbys(), [...slots.filter(one => !less.includes(one)), ...more]);
    });

    it('grants each term of a service lease to one holder, who may change its record, and never goes back', async () => {
      const lease = { service: 'sdn-app', holder: 'a', url: 'http://a:1', term: 1, ttlMs: 3_000 };
      assert.equal(await store.serviceLease('sdn-app'), undefined);
      assert.equal(await store.putServiceLease(lease), 'applied');
      assert.equal(await store.putServiceLease({ ...lease, holder: 'b' }), 'refused');
      assert.equal(await store.putServiceLease({ ...lease, url: 'http://a:2' }), 'applied');
      assert.equal(await store.putServiceLease({ ...lease, holder: 'b', term: 2 }), 'applied');
      assert.equal(await store.putServiceLease(lease), 'refused');
      assert.equal(await store.putServiceLease({ ...lease, service: 'another' }), 'applied');
      assert.deepEqual(await (await opened.reopen()).serviceLease('sdn-app'), { ...lease, holder: 'b', term: 2 });
    });

    it('keeps how often a lease was renewed', async () => {
      const lease = { service: 'md-manager', holder: 'a', url: 'http://a:1', term: 1, ttlMs: 2_000 };
      for (const beat of [1, 2]) assert.equal(await store.putServiceLease({ ...lease, beat }), 'applied');
      assert.deepEqual(await (await opened.another()).serviceLease('md-manager'), { ...lease, beat: 2 });
    });

    it('keeps orders of a day, newest first, and never changes one', async () => {
      const day = Math.floor(START_MS / 86_400_000);
      const order = (id: string, atMs: number): OrderRow => ({
        ...{ id, atMs, term: 3, who: 'ops 127.0.0.1', what: 'POST /v1/reconciliations', outcome: '200' },
      });
      const first = order('a', day * 86_400_000);
      const rows = [first, { ...order('b', first.atMs + 86_399_999), key: 'k' }, order('c', first.atMs + 86_400_000)];
      await store.addOrders(rows);
      assert.deepEqual(await store.orders(day, 10), [rows[1], rows[0]]);
      assert.deepEqual(await store.orders(day, 1), [rows[1]]);
      assert.deepEqual(await (await opened.another()).orders(day + 1, 10), [rows[2]]);
      assert.deepEqual(await store.orders(day - 1, 10), []);
    });

    it('has one holder per term, whoever asks at the same time', async () => {
      const lease = { service: 'sdn-app', url: 'http://a:1', term: 1, ttlMs: 3_000 };
      const other = await opened.another();
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, i) => (i % 2 ? store : other).putServiceLease({ ...lease, holder: `h-${i}` })),
      );
      assert.equal(outcomes.filter(outcome => outcome === 'applied').length, 1);
      const holder = (await store.serviceLease('sdn-app'))?.holder;
      assert.equal(holder, `h-${outcomes.indexOf('applied')}`);
    });

    it('keeps the newest version of the settings of a vehicle, each of one change, with what the device said of it', async () => {
      const row = { vehicle: 'car-1', version: 1, id: 'a', desired: { batchMax: 4 } };
      assert.equal(await store.settings('car-1'), undefined);
      assert.deepEqual(await store.allSettings(), []);
      assert.equal(await store.putSettings(row), 'applied');
      assert.equal(await store.putSettings(row), 'applied', 'the same again');
      assert.equal(await store.putSettings({ ...row, id: 'b' }), 'refused', 'the version is another change');
      const answered = { ...row, reported: { version: 1, result: 'applied' } };
      assert.equal(await store.putSettings(answered), 'applied');
      assert.deepEqual(await store.settings('car-1'), answered);
      const next = { ...row, version: 3, id: 'c', desired: {} };
      assert.equal(await store.putSettings(next), 'applied');
      assert.equal(await store.putSettings(answered), 'refused', 'the answer to an older version comes too late');
      assert.equal(await store.putSettings({ ...row, vehicle: 'car-0' }), 'applied');
      assert.deepEqual(await (await opened.reopen()).allSettings(), [{ ...row, vehicle: 'car-0' }, next]);
    });

    it('gives a version of settings to one of many that write it at the same time', async () => {
      const other = await opened.another();
      const row = { vehicle: 'car-1', version: 1, desired: {} };
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, i) => (i % 2 ? store : other).putSettings({ ...row, id: `c-${i}` })),
      );
      assert.equal(outcomes.filter(outcome => outcome === 'applied').length, 1);
      assert.equal((await store.settings('car-1'))?.id, `c-${outcomes.indexOf('applied')}`);
    });

    it('keeps instances until they are deleted', async () => {
      await store.putInstance(instance('edge-1/1'));
      await store.putInstance({ ...instance('edge-1/1'), state: 'stopping' });
      await store.putInstance(instance('edge-2/1'));
      assert.deepEqual(await store.instances(), [{ ...instance('edge-1/1'), state: 'stopping' }, instance('edge-2/1')]);
      await store.deleteInstance('edge-1/1');
      await store.deleteInstance('edge-9/9');
      assert.deepEqual(await store.instances(), [instance('edge-2/1')]);
    });

    it('keeps notes of each kind until they are taken back', async () => {
      const note = (kind: NoteRow['kind'], id: string, text = ''): NoteRow => ({ kind, id, note: { text } });
      await store.putNote(note('drain', 'edge-1/3'), 1);
      await store.putNote(note('drain', 'edge-1/2', 'a'), 1);
      await store.putNote(note('drain', 'edge-1/2', 'b'), 1);
      await store.putNote(note('mobility', 'edge-1/2'), 1);
      assert.deepEqual(await store.notes('drain'), [note('drain', 'edge-1/2', 'b'), note('drain', 'edge-1/3')]);
      await store.deleteNote('drain', 'edge-1/2', 1);
      await store.deleteNote('drain', 'edge-1/2', 1);
      assert.deepEqual(await store.notes('drain'), [note('drain', 'edge-1/3')]);
      assert.deepEqual(await store.notes('mobility'), [note('mobility', 'edge-1/2')]);
      await store.putNote(note('drain', 'edge-1/2', 'again'), 1);
      assert.equal((await store.notes('drain')).length, 2);
    });

    it('lets no late word of an older term change what a newer one has said of a note', async () => {
      const next = await opened.another();
      const lease = { service: MANAGER_SERVICE, url: 'http://there:1', ttlMs: 2_000 };
      const note = (id: string, text: string): NoteRow => ({ kind: 'drain', id, note: { text } });
      const late = async (word: Promise<void>): Promise<void> => {
        await word.catch((error: unknown) => assert.equal(codeOf(error), 'TERM_STALE'));
      };
      await store.putServiceLease({ ...lease, holder: 'first', term: 1 });
      // Many words, so that it is not their number that decides.
      for (const id of ['kept', 'cancelled', 'ended', 'kept', 'cancelled', 'ended'])
        await store.putNote(note(id, 'of the first'), 1);
      await next.putServiceLease({ ...lease, holder: 'second', term: 2 });
      await next.putNote(note('kept', 'of the second'), 2);
      await next.deleteNote('drain', 'cancelled', 2);
      await next.putNote(note('new', 'of the second'), 2);
      await late(store.putNote(note('kept', 'late'), 1));
      await late(store.putNote(note('cancelled', 'late'), 1));
      await late(store.deleteNote('drain', 'kept', 1));
      await late(store.deleteNote('drain', 'new', 1));
      const [ended, ...others] = await store.notes('drain');
      assert.deepEqual([ended?.id, others], ['ended', [note('kept', 'of the second'), note('new', 'of the second')]]);
    });

    it('takes no open hand-over over one that has ended', async () => {
      const ended = handover('c', 'car-1', START_MS, false);
      await store.putHandover(ended);
      await store.putHandover(handover('c', 'car-1', START_MS, true));
      assert.deepEqual(await store.openHandovers(), []);
      assert.deepEqual(await store.handover('c'), ended);
    });

    it('lists hand-overs newest first, by vehicle, and those that are open', async () => {
      const rows = [
        handover('c', 'car-1', START_MS, false),
        handover('a', 'car-1', START_MS + 2.5, true),
        handover('b', 'car-10', START_MS + 1, true),
      ];
      for (const one of rows) await store.putHandover(one);
      const [c, a, b] = rows;
      assert.deepEqual(await store.handovers({ limit: 10 }), [a, b, c]);
      assert.deepEqual(await store.handovers({ limit: 2 }), [a, b]);
      assert.deepEqual(await store.handovers({ vehicle: 'car-1', limit: 10 }), [a, c]);
      assert.deepEqual(await store.openHandovers(), [a, b]);
      assert.deepEqual(await store.handover('b'), b);
      assert.equal(await store.handover('z'), undefined);
    });

    it('replaces a hand-over wherever it is listed', async () => {
      await store.putHandover(handover('a', 'car-1', START_MS, true));
      const ended = handover('a', 'car-1', START_MS + 0.25, false);
      await store.putHandover(ended);
      assert.deepEqual(await store.handovers({ limit: 10 }), [ended]);
      assert.deepEqual(await store.handovers({ vehicle: 'car-1', limit: 10 }), [ended]);
      assert.deepEqual(await store.openHandovers(), []);
      await store.putHandover(ended);
      assert.deepEqual(await store.handovers({ limit: 10 }), [ended]);
      assert.deepEqual(await (await opened.another()).handover('a'), ended);
    });

    it('lists the newest of many hand-overs, across hours and in the order of their ids within a moment', async () => {
      const hourMs = 3_600_000;
      const rows = [0, 1, 2, 3, 4, 5].map(i =>
        handover(`h-${i}`, `car-${i % 2}`, START_MS + Math.floor(i / 2) * hourMs, i === 3),
      );
      for (const one of rows) await store.putHandover(one);
      const newest = rows.toReversed();
      assert.deepEqual(await store.handovers({ limit: 10 }), newest);
      for (const limit of [0, 1, 3, 4]) assert.deepEqual(await store.handovers({ limit }), newest.slice(0, limit));
      assert.deepEqual(await store.handovers({ vehicle: 'car-1', limit: 2 }), [rows[5], rows[3]]);
    });

    it('has it all after it was closed and opened', async () => {
      await store.insertDevice(device('car-1', 1));
      await store.insertOwner(owner('car-1', 0));
      await store.burnEpoch('car-1');
      await store.putHandover(handover('a', 'car-1', START_MS, true));
      await store.putNote({ kind: 'drain', id: 'edge-1/2', note: {} }, 1);
      const again = await opened.reopen();
      assert.deepEqual(await again.owner('car-1'), owner('car-1', 0));
      assert.equal(await again.burnEpoch('car-1'), 2);
      assert.equal((await again.openHandovers()).length, 1);
      assert.equal((await again.notes('drain')).length, 1);
      assert.equal(await again.insertDevice(device('car-2', 1)), 'refused');
    });
  });
}
