import type { Operation } from '../operation.js';

/** Longer than a coordinator tries (1.8 s of contention, 2 s to commit): what it has to say is heard. */
const CAS = { keyspace: 'control', kind: 'cas', consistency: 'QUORUM', serial: 'SERIAL', timeoutMs: 5_000 } as const;
const SERIAL_READ = { keyspace: 'control', kind: 'read', consistency: 'SERIAL', timeoutMs: 5_000 } as const;
const LIST = { keyspace: 'control', kind: 'read', consistency: 'QUORUM', timeoutMs: 10_000 } as const;
const WRITE = { keyspace: 'control', kind: 'write', consistency: 'QUORUM', timeoutMs: 3_000 } as const;

/** The part of the table of consistencies that md-manager needs: everything at a majority of all control domains. */
export const CONTROL_OPERATIONS = {
  'device.take-number': { ...CAS, why: 'a number has one vehicle; before the vehicle’s own row' },
  'device.insert': { ...CAS, why: 'a vehicle has one registration' },
  'device.free-number': { ...CAS, why: 'a number that its vehicle did not get; IF it is still that vehicle’s' },
  'device.read': { ...SERIAL_READ, why: 'settles a registration of unknown outcome' },
  'device.number': { ...SERIAL_READ, why: 'settles a number of unknown outcome' },
  'device.list': { ...LIST, why: 'meets every registration that anyone was told of' },
  'owner.insert': { ...CAS, why: 'epoch 0, once' },
  'owner.claim': { ...CAS, why: 'one winner per epoch, over all domains' },
  'owner.read': { ...SERIAL_READ, why: 'settles claims that are under way: what it tells is what holds' },
  'owner.list': { ...LIST, why: 'meets every claim that anyone was told of; a range cannot be read at SERIAL' },
  'epoch.first': { ...CAS, why: 'an epoch is given once' },
  'epoch.burn': { ...CAS, why: 'an epoch is given once' },
  'epoch.look': {
    ...LIST,
    why: 'where the next epoch begins; what is older is found out by the condition of the burn',
  },
  'epoch.claimed': { ...LIST, why: 'meets every claim that anyone was told of: its epoch is not burnt again' },
  'epoch.read': { ...SERIAL_READ, why: 'whether a burn of unknown outcome was applied' },
  'epoch.list': { ...LIST, why: 'meets every epoch that anyone was given' },
  'lease.first': { ...CAS, why: 'a term is granted once' },
  'lease.grant': { ...CAS, why: 'a term is granted once' },
  'lease.renew': { ...CAS, why: 'only its holder’s, and only while its term holds' },
  'lease.read': { ...SERIAL_READ, why: 'who is the active one, also where its grant had an unknown outcome' },
  'settings.first': { ...CAS, why: 'a version of a vehicle’s settings is one change' },
  'settings.change': { ...CAS, why: 'a version of a vehicle’s settings is one change' },
  'settings.answer': { ...CAS, why: 'what the device said, and only of the version that it was said of' },
  'settings.read': { ...SERIAL_READ, why: 'settles a change of unknown outcome' },
  'settings.list': { ...LIST, why: 'meets every change that anyone was told of' },
  'order.add': { ...WRITE, why: 'the audit log: as durable as what was ordered' },
  'order.list': { ...LIST, why: 'meets every order that was written' },
  'note.put': { ...WRITE, why: 'what holds until it is taken back, so that every later manager goes on with it' },
  'note.delete': { ...WRITE, why: 'what holds no longer' },
  'note.list': { ...LIST, why: 'meets everything that anyone was promised' },
  'instance.put': { ...WRITE, why: 'a host is named before it exists, so that every later manager finds it' },
  'instance.delete': { ...WRITE, why: 'a host that is gone' },
  'instance.list': { ...LIST, why: 'meets every host that was named' },
  'handover.open': { ...WRITE, why: 'the intent: durable at a majority before the swap' },
  'handover.hour': { ...WRITE, why: 'where hand-overs of that hour are listed; before them' },
  'handover.list-by-hour': { ...WRITE, why: 'the ledger, newest first; before the hand-over counts as ended' },
  'handover.list-by-vehicle': { ...WRITE, why: 'the ledger of one vehicle; before the hand-over counts as ended' },
  'handover.end': { ...WRITE, why: 'from here on the hand-over has ended' },
  'handover.close': { ...WRITE, why: 'it is open no more; after it has ended' },
  'handover.read': { ...LIST, why: 'meets every hand-over that was written' },
  'handover.read-open': { ...LIST, why: 'meets every intent' },
  'handover.open-list': { ...LIST, why: 'meets every intent: the next manager continues them' },
  'handover.hours': { ...LIST, why: 'meets every hand-over that was written' },
  'handover.by-hour': { ...LIST, why: 'meets every hand-over that was written' },
  'handover.by-vehicle': { ...LIST, why: 'meets every hand-over that was written' },
  'standby.write': { ...WRITE, why: 'a slot is durable before sdn-app may use it; a logged batch: all of it or none' },
  'standby.list': { ...LIST, why: 'meets every slot that sdn-app may use' },
} as const satisfies Readonly<Record<string, Operation>>;
