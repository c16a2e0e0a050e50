import { build } from 'esbuild';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageRoot } from '../../common/package-root.js';
import { pageFolder } from './page-files.js';

/** Bundles the fleet page into `folder`: one script, one style sheet, one document, and nothing from elsewhere. */
export async function buildPage(folder: string): Promise<void> {
  const client = join(packageRoot(), 'analytics', 'web', 'client');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: { page: join(client, 'main.tsx'), style: join(client, 'style.css') },
    outdir: folder,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: true,
    jsx: 'automatic',
    jsxImportSource: 'preact',
    tsconfig: join(packageRoot(), 'tsconfig.web.json'),
    loader: { '.png': 'dataurl', '.svg': 'dataurl' },
    logLevel: 'warning',
  });
  for (const file of ['index.html', 'icon.svg']) await copyFile(join(client, file), join(folder, file));
  // Natural Earth, public domain, as TopoJSON: loaded when somebody looks from far enough away.
  await copyFile(fileURLToPath(import.meta.resolve('world-atlas/countries-50m.json')), join(folder, 'world.json'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await buildPage(pageFolder());
