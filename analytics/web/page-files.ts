import fastifyStatic from '@fastify/static';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import { originOf, type Tiles } from './tiles.js';

/** Where `build.ts` puts the page. */
export const pageFolder = (): string => join(packageRoot(), 'dist', 'analytics', 'web', 'public');

/** The page asks nobody but its own service for anything, and a tile service where the operator named one. */
const policy = (tiles: Tiles | undefined): string =>
  `default-src 'self'; img-src 'self' data:${tiles === undefined ? '' : ` ${originOf(tiles)}`}; frame-ancestors 'self'; base-uri 'none'`;

/** Serves the fleet page at `/`; without a built page `/` says so, and the rest of the service is as usual. */
export async function servePage(app: FastifyInstance, folder: string, tiles?: Tiles): Promise<void> {
  app.get('/page.json', () => ({ ...(tiles === undefined ? {} : { tiles }) }));
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', () => {
      throw fault('NOT_FOUND', 'the fleet page is not built: npm run build');
    });
    return;
  }
  await app.register(fastifyStatic, {
    root: folder,
    cacheControl: false,
    setHeaders: response => {
      response.setHeader('cache-control', 'no-cache');
      response.setHeader('content-security-policy', policy(tiles));
      response.setHeader('x-content-type-options', 'nosniff');
      response.setHeader('referrer-policy', 'no-referrer');
    },
  });
}
