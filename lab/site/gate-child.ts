import { createInterface } from 'node:readline';
import { openGate } from '../proxy/gate.js';
import type { GateOrder } from './gate.js';

/**
 * `node gate-child.js ADDRESS PORT [UPSTREAM]`: a gate in this network. Orders come as JSON lines on standard input; each hold
 * is told when its request arrived.
 */
const [address = '', port = '', upstream] = process.argv.slice(2);
const told = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const gate = await openGate({
  listen: { address, port: Number(port) },
  upstream: upstream ?? (({ headers }) => String(headers['x-edgetwin-upstream'])),
});
const holds = new Map<number, ReturnType<typeof gate.hold>>();
told({ ready: gate.url });
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as GateOrder;
  if (order.do === 'hold') {
    const { method, path } = order;
    const hold = gate.hold({ path: new RegExp(path), ...(method === undefined ? {} : { method }) });
    holds.set(order.id, hold);
    told({ held: order.id });
    void hold.arrived.then(arrival => told({ id: order.id, arrival }));
  } else holds.get(order.id)?.[order.do]();
}
await gate[Symbol.asyncDispose]();
