import { openCluster, type ClusterOptions } from '../../../lab/cassandra/cluster.js';

/** Owns a cluster made by the options in its only word, says what clients need, and never ends by itself. */
const cluster = await openCluster(JSON.parse(process.argv[2] ?? '') as ClusterOptions);
const { folder, tls, admin, nodes } = cluster;
process.stdout.write(
  `${JSON.stringify({ folder, tls, admin, nodes: nodes.map(({ contactPoint, pid }) => ({ contactPoint, pid })) })}\n`,
);
setInterval(() => undefined, 1_000);
