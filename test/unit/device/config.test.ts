import assert from 'node:assert/strict';
import { deviceConfig } from '../../../device/config.js';

const REQUIRED = ['--vehicle', 'car-1', '--state', '/tmp', '--manager-url', 'http://127.0.0.1:7001'];
const bindOf = (...argv: string[]) => deviceConfig({ argv: [...REQUIRED, ...argv], env: {} })['uplink.bind'];

describe('the socket of a device', () => {
  for (const [argv, expected] of [
    [[], { address: '0.0.0.0', port: 0 }],
    [['--uplink-bind', '127.0.0.1:0'], { address: '127.0.0.1', port: 0 }],
    [['--uplink-family', 'ipv6'], { address: '::', port: 0 }],
    [['--uplink-family', 'ipv6', '--uplink-bind', '0.0.0.0:5683'], { address: '::', port: 5683 }],
    [['--uplink-family', 'ipv6', '--uplink-bind', '[::1]:0'], { address: '::1', port: 0 }],
    [['--uplink-family', 'ipv6', '--uplink-bind', '[fd00::7]:5683'], { address: 'fd00::7', port: 5683 }],
  ] as const)
    it(`is at ${expected.address} port ${expected.port} by '${argv.join(' ')}'`, () =>
      assert.deepEqual(bindOf(...argv), expected));

  for (const [family, bind] of [
    ['ipv4', '[::]:5683'],
    ['ipv6', '10.0.0.7:5683'],
  ] as const)
    it(`is not at ${bind} over ${family}`, () =>
      assert.throws(() => bindOf('--uplink-family', family, '--uplink-bind', bind), {
        code: 'CONFIG_INVALID',
        message: /uplink\.bind .* is no address of/,
      }));
});
