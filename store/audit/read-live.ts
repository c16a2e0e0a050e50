import type { z } from 'zod';
import { ManagerClient } from '../../protocol/api/manager-client.js';
import { poolList } from '../../protocol/api/pools.js';
import { switchCheck } from '../../protocol/api/sdn-app.js';
import { hostHealth, type HostHealth } from '../../protocol/api/vmd.js';
import type { ControlStore } from '../types.js';
import type { ActingView, SlotView } from './types.js';

/** An audit may come when the machine is at its busiest. */
const TIMEOUT_MS = 30_000;

async function ask<A>(url: string, path: string, answer: z.ZodType<A>): Promise<A> {
  // A manager that does not lead names the one that does.
  await using client = new ManagerClient([url], { connections: 1 });
  // Awaited here: the client is closed as soon as this function returns.
  return await client.call('GET', path, { answer, timeoutMs: TIMEOUT_MS });
}

/**
 * Who acts and what is held, by control store, manager, hosts and switch. Hand-overs that are open before or after count
 * as open, standby slots that are kept before or after as kept. Rejects with UPSTREAM_AWAY or DEADLINE where a service that was named, or a host of its pools, does not answer.
 */
export async function readActing(
  control: ControlStore,
  urls: { readonly manager?: string | undefined; readonly sdn?: string | undefined },
): Promise<ActingView> {
  const [before, standbysBefore] = await Promise.all([control.openHandovers(), control.standbys()]);
  const asked = urls.manager === undefined ? undefined : await askHosts(urls.manager);
  const check = urls.sdn === undefined ? undefined : await ask(urls.sdn, '/v1/check', switchCheck);
  const [owners, devices, after, standbysAfter] = await Promise.all([
    control.owners(),
    control.devices(),
    control.openHandovers(),
    control.standbys(),
  ]);
  const open = new Map([...before, ...after].map(({ id, vehicle }) => [id, { id, vehicle }]));
  const poolSlots = asked?.flatMap(({ listed: { host, slots } }): SlotView[] =>
    slots.map(slot => ({ host: host.host, slot: slot.slot, state: slot.state, ...whose(slot) })),
  );
  const slots = asked?.flatMap(({ health }): SlotView[] =>
    health.slots.map(slot => ({
      ...{ host: health.host.host, slot: slot.slot, state: slot.state, ...whose(slot) },
      actingEpoch: slot.actingEpoch,
      leaseHeld: slot.leaseHeld,
    })),
  );
  return {
    owners,
    devices,
    open: [...open.values()],
    standbys: [...standbysBefore, ...standbysAfter],
    ...(slots === undefined ? {} : { slots }),
    ...(poolSlots === undefined ? {} : { poolSlots }),
    ...(check === undefined ? {} : { flows: check.flows }),
  };
}

type PoolHost = z.infer<typeof poolList>['pools'][number]['hosts'][number];

/** Every host of the manager's pools, and what it says of itself. One that has been ended since it was listed holds nothing. */
async function askHosts(manager: string): Promise<{ readonly listed: PoolHost; readonly health: HostHealth }[]> {
  const list = async (): Promise<PoolHost[]> =>
    (await ask(manager, '/v1/pools', poolList)).pools.flatMap(({ hosts }) => hosts);
  const silent = new Map<string, unknown>();
  const answers = (await list()).map(async listed => {
    try {
      return [{ listed, health: await ask(listed.host.control, '/v1/health', hostHealth) }];
    } catch (error) {
      silent.set(listed.host.host, error);
      return [];
    }
  });
  const found = (await Promise.all(answers)).flat();
  if (silent.size > 0) for (const { host } of await list()) if (silent.has(host.host)) throw silent.get(host.host);
  return found;
}

const whose = (slot: {
  readonly vehicle?: string | undefined;
  readonly handover?: string | undefined;
}): Pick<SlotView, 'vehicle' | 'handover'> => ({ vehicle: slot.vehicle, handover: slot.handover });
