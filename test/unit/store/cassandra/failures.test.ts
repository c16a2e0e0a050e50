import assert from 'node:assert/strict';
import { fault } from '../../../../protocol/errors.js';
import { storeFault } from '../../../../store/cassandra/failures.js';
import { driverError } from '../../../fakes/fake-driver.js';

const noHost = (inner: Record<string, Error>): Error =>
  Object.assign(driverError('NoHostAvailableError'), { innerErrors: inner });

describe('faults of the driver', () => {
  it('name every node that was tried, in one line', () => {
    const found = storeFault('live.read', noHost({ a: new Error('refused\n at x'), b: new Error('timed out') }));
    assert.equal(found.code, 'STORE_AWAY');
    assert.match(found.message, /live\.read: no node answered \(a: refused$/);
    assert.match(storeFault('x', noHost({ a: new Error('one'), b: new Error('two') })).message, /\(a: one; b: two\)$/);
  });

  it('tell a wrong password from a cluster that is away', () => {
    const found = storeFault('connecting', noHost({ a: driverError('AuthenticationError') }));
    assert.deepEqual([found.code, found.retry], ['STORE_FAILED', true]);
    assert.match(found.message, /AuthenticationError/);
  });

  it('stay what they are where they are ours', () => {
    const ours = fault('STORE_SCHEMA', 'x');
    assert.equal(storeFault('y', ours), ours);
  });

  it('keep what the driver said', () => {
    const cause = driverError('ResponseError', 0x2200);
    assert.equal(storeFault('y', cause).cause, cause);
  });
});
