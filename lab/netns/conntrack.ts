import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import type { Namespaces } from './namespaces.js';

/** Ends all NAT mappings of a router, as its restart or a short time-out would. */
export async function forgetMappings(namespaces: Namespaces, router: string): Promise<void> {
  await namespaces.run(router, ['python3', join(packageRoot(), 'lab/netns/conntrack.py')]);
}
