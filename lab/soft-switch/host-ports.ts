import { ipv4ToNumber } from '../../protocol/addresses.js';
import type { Port } from '../../protocol/topology.js';
import type { Batch, Flow } from '../../sdn-app/switch/flow-switch.js';

/** Which host is behind which port, learnt from the flows that send there: a socket does not tell where its datagrams enter. */
export class HostPorts {
  readonly #ports: ReadonlyMap<number, Port>;
  readonly #found = new Map<number, number>();

  constructor(ports: ReadonlyMap<number, Port>) {
    this.#ports = ports;
  }

  /** The port of the host with this address. */
  of(address: string): number | undefined {
    return this.#found.get(ipv4ToNumber(address));
  }

  learn(batch: Batch): void {
    for (const mod of batch.flows) if (mod.op === 'add') this.#learn(mod.flow);
  }

  /** A flow writes the host's address or, on a switch that forwards what another has rewritten, matches it. */
  #learn({ match, actions }: Flow): void {
    let host = match.ipDst?.mask === 0xffffffff ? match.ipDst.value : undefined;
    for (const action of actions) {
      if (action.do === 'set' && action.field === 'ipDst') host = action.value;
      if (action.do !== 'output' || typeof action.to === 'string' || !('port' in action.to)) continue;
      if (host !== undefined && this.#ports.get(action.to.port)?.role === 'host') this.#found.set(host, action.to.port);
    }
  }
}
