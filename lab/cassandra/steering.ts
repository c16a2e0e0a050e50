import { createConnection, createServer } from 'node:net';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EdgetwinError, codeOf, messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import type { Cluster } from './lab-cluster.js';
import type { CassandraNode } from './node.js';

/** A running cluster is steered over a socket in its folder: one order a connection, as a JSON array of words. */

interface Order {
  /** What comes after its name. */
  readonly takes: string;
  readonly say: string;
  do(cluster: Cluster, words: readonly string[]): Promise<string>;
}

type Doing = (node: CassandraNode) => void | Promise<void>;
const ofNode = (say: string, doing: Doing): Order => ({
  takes: 'DATACENTRE',
  say,
  async do(cluster, words) {
    await doing(cluster.node(words[0] ?? ''));
    return statusText(cluster);
  },
});
/** Of two nodes, or of one and all others. */
const ofLink = (say: string, name: 'cut' | 'heal', all: 'cutOff' | 'rejoin'): Order => ({
  takes: 'DATACENTRE [DATACENTRE]',
  say,
  async do(cluster, [one = '', other]) {
    await (other === undefined ? cluster[all](one) : cluster[name](one, other));
    return '';
  },
});

export const ORDERS: Readonly<Record<string, Order>> = {
  status: {
    takes: '',
    say: 'the nodes, where they are, and what clients need',
    do: cluster => Promise.resolve(statusText(cluster)),
  },
  kill: ofNode('SIGKILL to a node', node => node.kill()),
  pause: ofNode('SIGSTOP: its ports stay open and nothing answers', node => node.pause()),
  resume: ofNode('SIGCONT', node => node.resume()),
  restart: ofNode('starts a node again on its data, and waits until all agree', node => node.restart()),
  cut: ofLink('no packet passes between two nodes, or between one and all others', 'cut', 'cutOff'),
  heal: ofLink('takes a cut back', 'heal', 'rejoin'),
  nodetool: {
    takes: 'DATACENTRE WORD…',
    say: 'runs nodetool beside a node, e.g. nodetool core status',
    do: (cluster, [domain = '', ...words]) => cluster.node(domain).nodetool(...words),
  },
};

const socketOf = (folder: string): string => join(folder, 'control.sock');

/** Takes orders until disposed; `stop` is called where one says so, before it is answered. */
export async function openSteering(cluster: Cluster, stop: () => void): Promise<AsyncDisposable> {
  const path = socketOf(cluster.folder);
  await rm(path, { force: true }); // of an owner that was killed
  const server = createServer({ allowHalfOpen: true }, socket => {
    const got: Buffer[] = [];
    socket.on('error', () => socket.destroy()); // whoever asked went away
    socket.on('data', (chunk: Buffer) => void got.push(chunk));
    socket.on('end', () => {
      follow(cluster, Buffer.concat(got).toString(), stop).then(
        answer => socket.end(`ok\n${answer}`),
        (error: unknown) => socket.end(`failed\n${error instanceof EdgetwinError ? error.detail : messageOf(error)}`),
      );
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: () => new Promise(resolve => server.close(() => resolve())),
  };
}

async function follow(cluster: Cluster, text: string, stop: () => void): Promise<string> {
  const [name = '', ...words] = JSON.parse(text) as string[];
  if (name === 'stop') {
    stop();
    return String(process.pid);
  }
  const order = Object.hasOwn(ORDERS, name) ? ORDERS[name] : undefined;
  if (order === undefined) throw fault('CONFIG_INVALID', `'${name}' is no order`);
  return order.do(cluster, words);
}

/** The answer of the cluster in `folder` to an order; LAB_FAILED with its words, or where none runs there. */
export async function steer(folder: string, words: readonly string[]): Promise<string> {
  const socket = createConnection({ path: socketOf(folder), allowHalfOpen: true });
  const got: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void got.push(chunk));
  socket.end(JSON.stringify(words));
  try {
    await once(socket, 'end');
  } catch (error) {
    if (!['ENOENT', 'ECONNREFUSED'].includes(codeOf(error))) throw error;
    throw fault('LAB_FAILED', `no cluster runs in '${folder}'`);
  }
  const [result, ...answer] = Buffer.concat(got).toString().split('\n');
  if (result !== 'ok') throw fault('LAB_FAILED', answer.join('\n'));
  return answer.join('\n');
}

function statusText({ folder, nodes, tls, admin }: Cluster): string {
  return [
    ...nodes.map(node =>
      `${node.domain.padEnd(10)} ${node.contactPoint.padEnd(22)} ${node.state.padEnd(8)} ${node.pid ?? ''}`.trimEnd(),
    ),
    ...(tls === undefined ? [] : [`tls        ca ${tls.ca} cert ${tls.cert} key ${tls.key}`]),
    ...(admin === undefined ? [] : [`login      ${admin.user} ${admin.password}`]),
    `folder     ${folder}`,
  ].join('\n');
}
