import assert from 'node:assert/strict';
import type { Instance } from '../../../../md-manager/mano/mano.js';
import { Enrolments } from '../../../../md-manager/pool/enrolments.js';
import type { HostHello } from '../../../../protocol/api/md-manager.js';

const ref = { host: 'edge-1/1', domain: 'edge-1', address: '10.96.0.1', port: 5683, control: 'http://10.96.0.1:5684' };
const hello = (pid: number, enrolment?: string): HostHello => ({
  ...{ host: ref, pid, startTicks: 7, slots: 1 },
  ...(enrolment === undefined ? {} : { enrolment }),
});

describe('who may say hello as a host', () => {
  it('is the process that was started, on this machine', () => {
    const enrolments = new Enrolments();
    const known: Instance = { ...ref, pid: 40, startTicks: 7 };
    assert.equal(enrolments.admits(known, hello(40)), true);
    assert.equal(enrolments.admits(known, hello(41)), false);
    assert.equal(enrolments.admits({ ...known, startTicks: 8 }, hello(40)), false);
  });

  it('is the first to show the token of the order, elsewhere, as often as it asks, and nobody after it', () => {
    const enrolments = new Enrolments();
    const known: Instance = { ...ref, pid: 0, startTicks: 0, enrolment: 'f00d' };
    assert.equal(enrolments.admits(known, hello(40)), false);
    assert.equal(enrolments.admits(known, hello(40, 'beef')), false);
    assert.equal(enrolments.admits(known, hello(40, 'f00d')), true);
    assert.equal(enrolments.admits(known, hello(40, 'f00d')), true);
    assert.equal(enrolments.admits(known, hello(41, 'f00d')), false);
    enrolments.forget(ref.host);
    assert.equal(enrolments.admits(known, hello(41, 'f00d')), true);
  });
});
