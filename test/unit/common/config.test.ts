import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  boolean,
  configHelp,
  envOf,
  flagOf,
  hostPort,
  integer,
  listOf,
  loadConfig,
  number,
  oneOf,
  text,
  url,
} from '../../../common/config.js';

const SETTINGS = {
  'uplink.batchMax': { parse: integer(1, 100), default: '8', help: 'reports in flight' },
  'network.trust': { parse: oneOf('lab', 'access', 'proof'), default: 'lab', help: 'what confirms' },
  verbose: { parse: boolean, default: 'false', help: 'say more' },
  listen: { parse: hostPort, help: 'where to listen' },
  peers: { parse: listOf(text), default: '', help: 'others' },
  note: { parse: text, optional: true, help: 'any text' },
} as const;

const load = (argv: string[], env: Record<string, string> = {}) => loadConfig(SETTINGS, { argv, env });
const LISTEN = ['--listen', '127.0.0.1:80'];

describe('settings', () => {
  it('have one name in three spellings', () => {
    assert.equal(flagOf('uplink.batchMax'), '--uplink-batch-max');
    assert.equal(envOf('uplink.batchMax'), 'EDGETWIN_UPLINK_BATCH_MAX');
  });

  it('are taken from flag, then environment, then file, then default', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    try {
      const file = join(folder, 'c.yaml');
      writeFileSync(file, 'uplink:\n  batchMax: 3\nnetwork.trust: access\npeers: [a, b]\nlisten: 1.2.3.4:5\n');
      const env = { EDGETWIN_UPLINK_BATCH_MAX: '4', HOME: '/' };
      assert.deepEqual(load(['--config', file, '--uplink-batch-max=5'], env), {
        'uplink.batchMax': 5,
        'network.trust': 'access',
        verbose: false,
        listen: { address: '1.2.3.4', port: 5 },
        peers: ['a', 'b'],
      });
      assert.equal(load(['--config', file], env)['uplink.batchMax'], 4);
      assert.equal(load(['--config', file])['uplink.batchMax'], 3);
      assert.equal(load(LISTEN, { EDGETWIN_CONFIG: file })['uplink.batchMax'], 3);
      assert.equal(load(LISTEN)['uplink.batchMax'], 8);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('that are boolean may stand alone, with a value, or negated', () => {
    for (const [words, expected] of [
      [['--verbose'], true],
      [['--verbose', 'false'], false],
      [['--verbose=true'], true],
      [['--no-verbose'], false],
    ] as const)
      assert.equal(load([...words, ...LISTEN]).verbose, expected);
  });

  it('name every fault at once', () => {
    const argv = ['--uplink-batch-max', '0', '--speed', '--network-trust', 'all', '--note'];
    assert.throws(
      () => load(argv, { EDGETWIN_SPEED: '1' }),
      (error: { code: string; detail: string; status: number }) => {
        assert.equal(error.code, 'CONFIG_INVALID');
        for (const words of [
          "uplink.batchMax must be an integer in 1 to 100, not '0'",
          '--speed is unknown',
          'EDGETWIN_SPEED is unknown',
          "network.trust must be one of lab, access, proof, not 'all'",
          '--note needs a value',
          'listen is required',
        ])
          assert.ok(error.detail.includes(words), words);
        return true;
      },
    );
  });

  it('refuse a file that is missing, or has a key that is none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    try {
      const file = join(folder, 'c.yaml');
      assert.throws(() => load(['--config', file, ...LISTEN]), /cannot be read/);
      writeFileSync(file, 'uplink: { batchMin: 3 }');
      assert.throws(() => load(['--config', file, ...LISTEN]), /uplink\.batchMin in .* is unknown/);
      writeFileSync(file, '');
      assert.equal(load(['--config', file, ...LISTEN]).verbose, false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are parsed, or say what they must be', () => {
    assert.equal(number(0, 1)('0.5'), 0.5);
    assert.equal(url('http:')('http://a:1/'), 'http://a:1');
    for (const [parse, wrong] of [
      [integer(0, 9), ''],
      [integer(0, 9), '1.5'],
      [number(0, 1), 'x'],
      [number(0, 1), '2'],
      [url('http:'), 'ftp://a'],
      [url('http:'), 'a'],
      [hostPort, 'a:0'],
      [hostPort, 'a'],
      [text, ''],
      [boolean, 'yes'],
    ] as const)
      assert.throws(() => parse(wrong));
  });

  it('explain themselves', () => {
    const help = configHelp(SETTINGS);
    assert.match(help, /--uplink-batch-max +reports in flight \(default 8\)/);
    assert.match(help, /--listen +where to listen \(required\)/);
    assert.match(help, /--peers +others \(default none\)/);
    assert.match(help, /--note +any text$/m);
  });
});
