import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BAUDS } from '../../../../device/obd/baud-search.js';
import { replugUsb } from '../../../../device/obd/node-ports.js';
import { BY_ID, candidates, serialAdapter, type Ports } from '../../../../device/obd/serial-port.js';
import type { Link } from '../../../../device/obd/types.js';
import { fault } from '../../../../protocol/errors.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { labAdapter, settled } from '../../../fakes/lab-adapter.js';

const never = new AbortController().signal;
const PORT = `${BY_ID}/usb-ScanTool.net_OBDLink_SX_1-if00-port0`;

/** A machine with one adapter that speaks at one speed, and noise at all others. */
function machine(speaksAt: number) {
  const clock = fakeClock();
  const there = new Set([PORT]);
  const openedAt: number[] = [];
  const closed: number[] = [];
  const ports: Ports = {
    list: () => Promise.resolve([...there].map(path => path.slice(BY_ID.length + 1))),
    exists: path => Promise.resolve(there.has(path)),
    replug: () => Promise.resolve(true),
    openAt: (path, baud) => {
      if (!there.has(path)) return Promise.reject(fault('OBD_LINK', path));
      openedAt.push(baud);
      const link = baud === speaksAt ? labAdapter({ clock }) : noise(baud);
      return Promise.resolve({
        ...link,
        onData: (listener: (chunk: Uint8Array) => void) => link.onData(listener),
        write: (text: string) => link.write(text),
        name: `${path} at ${baud}`,
        [Symbol.asyncDispose]: () => {
          closed.push(baud);
          return Promise.resolve(link[Symbol.asyncDispose]());
        },
      });
    },
  };
  return { clock, ports, there, openedAt, closed };
}

/** What a wrong speed makes of an answer: bytes that mean nothing, with a prompt now and then. */
function noise(seed: number): Link {
  let listener: (chunk: Uint8Array) => void = () => undefined;
  return {
    onData: next => void (listener = next),
    write: () => listener(Uint8Array.from([0xfe, seed & 0xff, 0x00, 0x81, 0x3e, 0x0d, 0xe0])),
    closed: new Promise(() => undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

describe('a serial adapter', () => {
  for (const baud of BAUDS)
    it(`is found at ${baud} baud, and every other try is closed`, async () => {
      const { clock, ports, openedAt, closed } = machine(baud);
      const open = serialAdapter({ port: PORT, ports, timers: clock });
      const link = await settled(open(never), clock);
      assert.equal(link.name, `${PORT} at ${baud}`);
      assert.deepEqual(openedAt, BAUDS.slice(0, BAUDS.indexOf(baud) + 1));
      assert.deepEqual(closed, openedAt.slice(0, -1));
    });

  it('is tried at the speed of last time first', async () => {
    const { clock, ports, openedAt } = machine(115_200);
    const open = serialAdapter({ port: PORT, ports, timers: clock });
    await settled(open(never), clock);
    openedAt.length = 0;
    await settled(open(never), clock);
    assert.deepEqual(openedAt, [115_200]);
  });

  it('is tried at one speed alone where that is set', async () => {
    const { clock, ports, openedAt } = machine(115_200);
    const open = serialAdapter({ port: PORT, baud: 9_600, ports, timers: clock });
    await assert.rejects(settled(open(never), clock), { code: 'OBD_LINK' });
    assert.deepEqual(openedAt, [9_600]);
  });

  it('is asked nothing that reaches the car while it is searched for', async () => {
    const clock = fakeClock();
    const link = labAdapter({ clock });
    const ports: Ports = { ...machine(0).ports, openAt: () => Promise.resolve(link) };
    await settled(serialAdapter({ port: PORT, ports, timers: clock })(never), clock);
    assert.deepEqual([link.commands, link.requests], [['ATI'], []]);
  });

  it('is what is plugged in under an id and is no receiver, the likely ones first', async () => {
    assert.deepEqual(
      candidates([
        'usb-u-blox_AG_7_GPS',
        'usb-1a86_USB_Serial-if00',
        'usb-Quectel_EC25',
        'usb-ScanTool.net_OBDLink_SX_1',
      ]),
      [`${BY_ID}/usb-ScanTool.net_OBDLink_SX_1`, `${BY_ID}/usb-1a86_USB_Serial-if00`],
    );
    const { clock, ports, there } = machine(38_400);
    const open = serialAdapter({ port: 'auto', ports, timers: clock });
    assert.equal((await settled(open(never), clock)).name, `${PORT} at 38400`);
    there.clear();
    await assert.rejects(settled(open(never), clock), { code: 'OBD_LINK', message: /nothing is plugged in/ });
  });

  it('that was pulled is waited for, and no longer than it is away', async () => {
    const { clock, ports, there } = machine(38_400);
    const { untilBack } = serialAdapter({ port: PORT, ports, timers: clock });
    there.clear();
    let isBack = false;
    const waiting = untilBack!(60_000, never).then(() => (isBack = true));
    await clock.advance(20_000);
    assert.equal(isBack, false);
    there.add(PORT);
    await clock.advance(1_000);
    assert.equal(isBack, true);
    await waiting;
  });
});

describe('a USB device', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-usb-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is enumerated anew through the id of its port', async () => {
    const usb = join(folder, 'usb1', '1-1');
    await mkdir(join(usb, '1-1:1.0', 'ttyUSB7'), { recursive: true });
    await writeFile(join(usb, 'authorized'), '1');
    await mkdir(join(folder, 'tty', 'ttyUSB7'), { recursive: true });
    await symlink(join(usb, '1-1:1.0', 'ttyUSB7'), join(folder, 'tty', 'ttyUSB7', 'device'));
    await symlink('../../ttyUSB7', join(folder, 'by-id'));
    assert.equal(await replugUsb(join(folder, 'by-id'), join(folder, 'tty')), true);
    assert.equal(await readFile(join(usb, 'authorized'), 'utf8'), '1');
  });

  it('that is none, or is gone, is left to a person', async () => {
    assert.equal(await replugUsb('/dev/ttyS99', join(folder, 'tty')), false);
  });
});
