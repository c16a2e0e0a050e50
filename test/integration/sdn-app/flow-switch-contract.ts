import assert from 'node:assert/strict';
import type { Batch, Flow, FlowSwitch, SwitchEvent } from '../../../sdn-app/switch/flow-switch.js';

/** A UDP datagram, over IPv6 where its addresses are; MAC addresses and tag where frames have some. */
export interface TestPacket {
  readonly src: string;
  readonly srcPort: number;
  readonly dst: string;
  readonly dstPort: number;
  readonly vlan?: number;
}

/** A switch under test, with what the suite cannot do through the interface. */
export interface SwitchUnderTest extends AsyncDisposable {
  readonly flowSwitch: FlowSwitch;
  /** Another controller of the same switch, connected. It ends with the switch under test. */
  another(): Promise<FlowSwitch>;
  /** Sends a UDP datagram into a port. */
  inject(port: number, packet: TestPacket): void;
  /** The next datagram that comes out of a port. */
  next(port: number): Promise<TestPacket>;
  /** Pulls or plugs the cable of a port. */
  setPort(port: number, up: boolean): Promise<void>;
  /** Kills the switch and starts it again. */
  restart(): Promise<void>;
}

/** 127.64.0.9, where the suite sends to. */
const DST = { value: 0x7f400009, mask: 0xffffffff };
const PACKET = { src: '127.112.0.9', srcPort: 5683, dst: '127.64.0.9', dstPort: 5683 };
const flow = (change: Partial<Flow> = {}): Flow => ({
  table: 0,
  priority: 10,
  cookie: 2 ** 48 + 1,
  match: { ipProto: 17, ipDst: DST },
  actions: [{ do: 'output', to: 'CONTROLLER' }],
  ...change,
});
const adding = (...flows: Flow[]): Batch => ({ meters: [], flows: flows.map(each => ({ op: 'add', flow: each })) });
const exactly = (value: number) => ({ value, mask: 0xffff });
const EVERYTHING = { cookie: 0, mask: 0 };

/**
 * What every FlowSwitch does. Rows marked `[IP]` hold where frames have no MAC addresses, too; those marked `[Ethernet]` are
 * for switches of whole frames. None of the rows needs ARP. Ports 1 and 2 are access ports.
 */
export function flowSwitchContract(
  name: string,
  frames: 'IP' | 'Ethernet',
  open: () => Promise<SwitchUnderTest>,
): void {
  describe(`${name} as a FlowSwitch`, () => {
    let under: SwitchUnderTest;
    let events: SwitchEvent[];
    let listeners: ((event: SwitchEvent) => void)[];

    beforeEach(async () => {
      under = await open();
      events = [];
      listeners = [];
      under.flowSwitch.listen(event => {
        events.push(event);
        for (const listener of [...listeners]) listener(event);
      });
      await seen('up');
    });
    afterEach(() => under[Symbol.asyncDispose]());

    const seen = <T extends SwitchEvent['type']>(type: T): Promise<Extract<SwitchEvent, { type: T }>> =>
      new Promise(resolve => {
        const take = (event: SwitchEvent): void => {
          if (event.type === type) resolve(event as Extract<SwitchEvent, { type: T }>);
        };
        events.forEach(take);
        listeners.push(take);
      });
    const cookies = async (slice = EVERYTHING): Promise<number[]> =>
      (await under.flowSwitch.readFlows(slice)).map(({ cookie }) => cookie).sort((a, b) => a - b);

    it('reads back what was added, with cookie, match, actions and packets', async () => {
      await under.flowSwitch.apply(adding(flow()));
      const [found] = await under.flowSwitch.readFlows(EVERYTHING);
      assert.deepEqual(found, { ...flow(), packets: 0 });
    });

    it('replaces a flow of the same match and priority, cookie included', async () => {
      await under.flowSwitch.apply(adding(flow()));
      await under.flowSwitch.apply(adding(flow({ cookie: 77 })));
      assert.deepEqual(await cookies(), [77]);
    });

    it('keeps flows apart whose priority differs', async () => {
      await under.flowSwitch.apply(adding(flow({ cookie: 1 }), flow({ cookie: 2, priority: 11 })));
      assert.deepEqual(await cookies(), [1, 2]);
    });

    it('deletes strictly, and by cookie and mask above 32 bits', async () => {
      const many = [1, 2, 3].map(n => flow({ cookie: n * 2 ** 40 + 5, priority: n }));
      await under.flowSwitch.apply(adding(...many));
      await under.flowSwitch.apply({
        meters: [],
        flows: [{ op: 'delete', flow: { table: 0, priority: 1, match: many[0]!.match } }],
      });
      assert.deepEqual(await cookies(), [2 * 2 ** 40 + 5, 3 * 2 ** 40 + 5]);
      await under.flowSwitch.apply({
        meters: [],
        flows: [{ op: 'deleteSlice', cookie: 3 * 2 ** 40, mask: 7 * 2 ** 40 }],
      });
      assert.deepEqual(await cookies(), [2 * 2 ** 40 + 5]);
    });

    it('takes a batch whole or not at all, and says type and code', async () => {
      const wrong = flow({ priority: 12, actions: [{ do: 'goto', table: 0 }] });
      await assert.rejects(under.flowSwitch.apply(adding(flow(), wrong)), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'SWITCH_REFUSED');
        assert.equal((error.cause as { type?: string }).type, 'BAD_INSTRUCTION');
        return true;
      });
      assert.deepEqual(await cookies(), []);
    });

    it('applies batches in the order of the calls, also when nobody waits', async () => {
      await Promise.all([1, 2, 3, 4].map(cookie => under.flowSwitch.apply(adding(flow({ cookie })))));
      assert.deepEqual(await cookies(), [4]);
    });

    it('[IP] copies a packet with its first source in registers, as it is after rewriting', async () => {
      const actions: Flow['actions'] = [
        { do: 'move', from: { field: 'ipSrc', offset: 0, length: 32 }, to: { field: 'reg0', offset: 0, length: 32 } },
        { do: 'move', from: { field: 'udpSrc', offset: 0, length: 16 }, to: { field: 'reg1', offset: 0, length: 16 } },
        {
          do: 'move',
          from: { field: 'inPort', offset: 0, length: 11 },
          to: { field: 'udpSrc', offset: 0, length: 11 },
        },
        { do: 'load', to: { field: 'udpSrc', offset: 11, length: 5 }, value: 17 },
        { do: 'set', field: 'ipSrc', value: 0x7f500009 },
        { do: 'output', to: 'CONTROLLER' },
      ];
      await under.flowSwitch.apply(adding(flow({ actions })));
      under.inject(2, PACKET);
      const { inPort, cookie, registers, packet } = await seen('packetIn');
      assert.deepEqual([inPort, cookie, registers[0], registers[1]], [2, flow().cookie, 0x7f700009, 5683]);
      assert.ok(packet.family === undefined || packet.family === 'ipv4');
      const { ipSrc, udpSrc, ipDst, udpDst } = packet;
      assert.deepEqual([ipSrc, udpSrc, ipDst, udpDst], [0x7f500009, 17 * 2048 + 2, DST.value, 5683]);
      const [found] = await under.flowSwitch.readFlows(EVERYTHING);
      assert.equal(found?.packets, 1);
    });

    it('[IP] sends out of the port that a tag names, and back out of the port that a packet came in by', async () => {
      const tag = { field: 'udpDst', offset: 0, length: 11 } as const;
      const scratch = { field: 'reg2', offset: 0, length: 11 } as const;
      const byTag: Flow['actions'] = [
        { do: 'move', from: tag, to: scratch },
        { do: 'set', field: 'udpDst', value: 5683 },
        { do: 'output', to: { portFrom: scratch } },
      ];
      const back = flow({ priority: 20, match: { inPort: 1, ipProto: 17, udpSrc: exactly(7) } });
      await under.flowSwitch.apply(
        adding(flow({ actions: byTag }), {
          ...back,
          actions: [
            { do: 'set', field: 'udpSrc', value: 8 },
            { do: 'output', to: 'IN_PORT' },
          ],
        }),
      );
      const [atTwo, atOne] = [under.next(2), under.next(1)];
      under.inject(1, { ...PACKET, dstPort: 17 * 2048 + 2 });
      assert.deepEqual(await atTwo, PACKET);
      // an output to the port it came in by delivers nothing: only IN_PORT does
      under.inject(1, { ...PACKET, dstPort: 17 * 2048 + 1 });
      under.inject(1, { ...PACKET, srcPort: 7 });
      assert.deepEqual(await atOne, { ...PACKET, srcPort: 8 });
    });

    if (frames === 'Ethernet') ethernetRows();

    function ethernetRows(): void {
      it('[Ethernet] gives a frame a tag, and takes it away', async () => {
        const toTwo = { do: 'output', to: { port: 2 } } as const;
        await under.flowSwitch.apply(
          adding(
            flow({ match: { ...flow().match, vlan: 'none' }, actions: [{ do: 'pushVlan', vlan: 77 }, toTwo] }),
            flow({ match: { ...flow().match, vlan: 66 }, actions: [{ do: 'popVlan' }, toTwo] }),
          ),
        );
        const tagged = under.next(2);
        under.inject(1, PACKET);
        assert.deepEqual(await tagged, { ...PACKET, vlan: 77 });
        const untagged = under.next(2);
        under.inject(1, { ...PACKET, vlan: 66 });
        assert.deepEqual(await untagged, PACKET);
        assert.deepEqual(
          (await under.flowSwitch.readFlows(EVERYTHING)).map(({ packets }) => packets),
          [1, 1],
        );
      });

      it('[Ethernet] rewrites IPv6, and copies it with its first source in a wide register', async () => {
        const [src, twin, host] = ['fd00::9', 'fd01::1', 'fd02::2'] as const;
        const wide = (low: string): string => `${low.slice(0, 4)}${low.slice(-1).padStart(28, '0')}`;
        await under.flowSwitch.apply(
          adding(
            flow({
              match: { ipProto: 17, ip6Dst: { value: wide(twin), mask: 'f'.repeat(32) } },
              actions: [
                { do: 'moveWide', from: 'ip6Src', to: 'wide1' },
                { do: 'setWide', field: 'ip6Dst', value: wide(host) },
                { do: 'set', field: 'udpSrc', value: 99 },
                { do: 'output', to: { port: 2 } },
                { do: 'output', to: 'CONTROLLER' },
              ],
            }),
          ),
        );
        const out = under.next(2);
        under.inject(1, { src, srcPort: 5683, dst: twin, dstPort: 5683 });
        assert.deepEqual(await out, { src, srcPort: 99, dst: host, dstPort: 5683 });
        const { wide1, packet } = await seen('packetIn');
        assert.equal(wide1, wide(src));
        assert.ok(packet.family === 'ipv6');
        assert.deepEqual([packet.ip6Dst, packet.udpSrc], [wide(host), 99]);
      });

      it('[Ethernet] shows the MAC addresses of a copy', async () => {
        await under.flowSwitch.apply(
          adding(flow({ actions: [{ do: 'set', field: 'ethDst', value: 0x02ed9e000001 }, ...flow().actions] })),
        );
        under.inject(1, PACKET);
        const { packet } = await seen('packetIn');
        assert.equal(packet.ethDst, 0x02ed9e000001);
        assert.ok(packet.ethSrc !== undefined);
      });
    }

    it('is led by the highest term alone, and a batch of a lower one changes nothing', async () => {
      const other = await under.another();
      const slave = { code: 'SWITCH_REFUSED' };
      await under.flowSwitch.lead(3);
      await assert.rejects(other.lead(2), slave);
      await assert.rejects(other.apply(adding(flow())), slave);
      await under.flowSwitch.apply(adding(flow({ cookie: 3 })));
      await other.lead(4);
      await assert.rejects(under.flowSwitch.apply(adding(flow())), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'SWITCH_REFUSED');
        const { type, code } = error.cause as { type?: string; code?: string };
        assert.deepEqual([type, code], ['BAD_REQUEST', 'IS_SLAVE']);
        return true;
      });
      await other.apply(adding(flow({ cookie: 4, priority: 11 })));
      assert.deepEqual(await cookies(), [3, 4]);
    });

    it('[IP] lets no more copies through a meter than its rate', async () => {
      const metered = flow({
        actions: [
          { do: 'meter', meter: 3 },
          { do: 'output', to: 'CONTROLLER' },
        ],
      });
      await assert.rejects(under.flowSwitch.apply(adding(metered)), { code: 'SWITCH_REFUSED' });
      await under.flowSwitch.apply({ ...adding(metered), meters: [{ op: 'set', meter: 3, ratePerS: 2 }] });
      for (let i = 0; i < 20; i++) under.inject(1, PACKET);
      let packets = 0;
      while (packets < 20) packets = (await under.flowSwitch.readFlows(EVERYTHING))[0]?.packets ?? 0;
      const copies = events.filter(({ type }) => type === 'packetIn').length;
      assert.ok(copies >= 2 && copies < 20, `${copies} copies`);
    });

    it('tells when a port goes down and comes back', async () => {
      const changed = (wanted: boolean): Promise<void> =>
        new Promise(resolve =>
          listeners.push(event => {
            if (event.type === 'portStatus' && event.port === 2 && event.up === wanted) resolve();
          }),
        );
      const down = changed(false);
      await under.setPort(2, false);
      await down;
      const up = changed(true);
      await under.setPort(2, true);
      await up;
    });

    it('says down and up when the switch is restarted, and it is empty then', async () => {
      await under.flowSwitch.apply(adding(flow()));
      const again = new Promise<void>(resolve =>
        listeners.push(event => {
          if (event.type === 'up') resolve();
        }),
      );
      await under.restart();
      await again;
      assert.deepEqual(
        events.map(({ type }) => type).filter(type => type === 'up' || type === 'down'),
        ['up', 'down', 'up'],
      );
      assert.deepEqual(await cookies(), []);
    });

    it('rejects what it is asked while the switch is away', async () => {
      await under.flowSwitch[Symbol.asyncDispose]();
      await seen('down');
      assert.equal(under.flowSwitch.connected, false);
      await assert.rejects(under.flowSwitch.apply(adding(flow())), { code: 'SWITCH_AWAY' });
      await assert.rejects(under.flowSwitch.readFlows(EVERYTHING), { code: 'SWITCH_AWAY' });
    });
  });
}
