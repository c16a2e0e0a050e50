import { fault } from '../../protocol/errors.js';
import type { Network } from './network.js';

/** What a person can tell a network that is up, one line each: a table of words. */
interface Order {
  readonly words: string;
  readonly say: string;
  run(network: Network, words: readonly string[]): Promise<unknown>;
}

export const ORDERS: Readonly<Record<string, Order>> = {
  move: {
    words: 'CAR ATTACHMENT',
    say: 'what the car (or router) sends goes by this access point or router from now on',
    run: (network, [car = '', to = '']) => network.moveTo(car, to),
  },
  address: {
    words: 'CAR ADDRESS',
    say: 'another source address',
    run: (network, [car = '', address = '']) => network.setAddress(car, address),
  },
  rebind: {
    words: 'ROUTER',
    say: 'the router forgets its mappings',
    run: (network, [router = '']) => network.rebind(router),
  },
  cut: { words: 'LINK', say: 'takes its carrier', run: (network, [link = '']) => network.setLink(link, { up: false }) },
  mend: { words: 'LINK', say: 'gives it back', run: (network, [link = '']) => network.setLink(link, { up: true }) },
  quality: {
    words: 'LINK DELAY_MS LOSS',
    say: 'of a link that the file names',
    run: (network, [link = '', delayMs, loss]) =>
      network.setLink(link, { delayMs: numberOf(delayMs), loss: numberOf(loss) }),
  },
  errors: {
    words: '',
    say: 'UDP checksum errors by place',
    run: network => network.checksumErrors(),
  },
};

/** Follows one line; the answer is for the person who wrote it. */
export async function follow(network: Network, line: string): Promise<string> {
  const [name = '', ...words] = line.trim().split(/\s+/);
  const order = Object.hasOwn(ORDERS, name) ? ORDERS[name] : undefined;
  const wanted = order?.words.split(' ').filter(word => word !== '').length;
  if (order === undefined || words.length !== wanted)
    throw fault('REQUEST_INVALID', `'${line.trim()}': known are ${ordersText('; ')}`);
  const answer = await order.run(network, words);
  return answer === undefined ? 'done' : JSON.stringify(answer);
}

export const ordersText = (between: string): string =>
  Object.entries(ORDERS)
    .map(([name, { words, say }]) => `${name} ${words}`.trim() + `: ${say}`)
    .join(between);

function numberOf(text: string | undefined): number {
  const value = Number(text);
  if (text === undefined || !Number.isFinite(value) || value < 0)
    throw fault('REQUEST_INVALID', `'${text}' is no number`);
  return value;
}
