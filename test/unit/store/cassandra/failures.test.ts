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

  it('tell a certificate that nobody vouches for, and a node without TLS, from a cluster that is away', () => {
    const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code });
    for (const [inner, words] of [
      [
        coded('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'),
        'a: self-signed certificate in certificate chain',
      ],
      [coded('ERR_TLS_CERT_ALTNAME_INVALID', 'IP: 1.2.3.4 is not in the list'), 'a: IP: 1.2.3.4 is not in the list'],
      [
        coded('ERR_SSL_WRONG_VERSION_NUMBER', '80EC:error:0A00010B:SSL routines:ssl3_record.c:350:\n'),
        'a: ERR_SSL_WRONG_VERSION_NUMBER',
      ],
    ] as const) {
      const found = storeFault('connecting', noHost({ a: inner }));
      assert.equal(found.code, 'STORE_FAILED');
      assert.ok(found.message.endsWith(`connecting: no TLS with ${words}`), found.message);
    }
    assert.equal(storeFault('x', noHost({ a: coded('ECONNREFUSED', 'refused') })).code, 'STORE_AWAY');
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
