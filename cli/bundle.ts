import { build } from 'esbuild';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';

/**
 * Bundles the compiled command into `dist/bin`: one file per part and what parts share, instead of some hundred modules of
 * ours and of packages, which Node would look up, read and compile one by one. A part starts in about half the time.
 * lmdb stays outside: it loads its native half by path. Code from CommonJS packages asks for `require`.
 */
const require =
  "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);";
const outdir = join(packageRoot(), 'dist', 'bin');

await rm(outdir, { recursive: true, force: true });
await build({
  entryPoints: [join(packageRoot(), 'dist', 'cli', 'edgetwin.js')],
  outdir,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  // Names of functions and classes stand in stack traces and logs.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  external: ['lmdb', 'esbuild', 'serialport', 'cassandra-driver'],
  banner: { js: require },
  logLevel: 'warning',
});
