import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGenerator } from 'ts-json-schema-generator';
import { packageRoot } from '../../common/package-root.js';
import { stableText } from '../build.js';

/**
 * Makes `grafana.schema.json` of the types in `@grafana/schema`; with `--check` only compares, and exits with 1 where it
 * is not what these types give. It takes some seconds and changes only with that package, so the file is kept.
 */
const FOLDER = join(packageRoot(), 'dashboards', 'schema');
const FILE = join(FOLDER, 'grafana.schema.json');

const packageFile = join(packageRoot(), 'node_modules', '@grafana', 'schema', 'package.json');
const { version, license } = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string; license: string };
const schema = createGenerator({
  path: join(FOLDER, 'shapes.ts'),
  tsconfig: join(FOLDER, 'tsconfig.json'),
  type: 'GrafanaShapes',
  skipTypeCheck: true,
  // Two of Grafana's types have the same name: none gets one.
  expose: 'none',
  additionalProperties: false,
}).createSchema('GrafanaShapes');
const pretty = stableText({
  ...schema,
  $comment:
    `DO NOT EDIT: made by \`node dist/dashboards/schema/generate.js\` of the types of @grafana/schema ${version} ` +
    `(${license}, Grafana Labs)`,
});

const made = `${JSON.stringify(JSON.parse(pretty))}\n`;

if (process.argv.includes('--check')) {
  const isSame = readFileSync(FILE, 'utf8') === made;
  process.stdout.write(isSame ? 'the schema is that of the types\n' : 'the schema is not that of the types\n');
  process.exitCode = isSame ? 0 : 1;
} else {
  writeFileSync(FILE, made);
}
