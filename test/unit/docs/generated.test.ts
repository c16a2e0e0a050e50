import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { documents } from '../../../lab/docs/documents.js';
import { inert } from '../../../lab/docs/inert.js';

const ROOT = packageRoot();
const METHODS = ['get', 'put', 'post', 'delete'];

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: unknown;
}
interface Operation {
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}
interface OpenApi {
  readonly openapi: string;
  readonly 'x-generated': string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const files = documents();
const apis = [...files]
  .filter(([path]) => path.endsWith('.json'))
  .map(([path, text]) => [path, JSON.parse(text) as OpenApi] as const);

describe('the generated references', () => {
  for (const [path, text] of files) {
    it(`${path} is what its sources give (else: node dist/lab/docs/generate.js)`, () =>
      assert.equal(readFileSync(join(ROOT, path), 'utf8'), text));
    it(`${path} says at its top that it is generated`, () =>
      assert.match(
        text.split('\n').slice(0, 2).join('\n'),
        /DO NOT EDIT: made by `node dist\/lab\/docs\/generate\.js`/,
      ));
  }

  it('leave no document of a service that is gone', () =>
    assert.deepEqual(
      readdirSync(join(ROOT, 'docs/api')).sort(),
      apis.map(([path]) => path.slice('docs/api/'.length)).sort(),
    ));
});

describe('the OpenAPI documents', () => {
  const operations = apis.flatMap(([path, { paths }]) =>
    Object.entries(paths).flatMap(([url, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        at: `${path} ${method} ${url}`,
        url,
        method,
        operation,
      })),
    ),
  );

  it('are OpenAPI 3.1 with a title, a version and at least one path', () => {
    for (const [path, document] of apis) {
      assert.equal(document.openapi, '3.1.0', path);
      assert.match(document.info.title, /^edgetwin /, path);
      assert.equal(document.info.version, '1', path);
      assert.ok(Object.keys(document.paths).length > 0, path);
    }
  });

  it('declare every path parameter once, as required, and no other', () => {
    for (const { at, url, operation } of operations) {
      const named = [...url.matchAll(/\{(\w+)\}/g)].map(found => found[1]).sort();
      const declared = operation.parameters.filter(parameter => parameter.in === 'path');
      assert.deepEqual(declared.map(({ name }) => name).sort(), named, at);
      assert.ok(
        declared.every(({ required }) => required),
        at,
      );
    }
  });

  it('give every parameter, body and answer a schema', () => {
    for (const { at, operation } of operations) {
      const bodies = [
        operation.requestBody?.content,
        ...Object.values(operation.responses).map(({ content }) => content),
      ];
      const media = bodies.flatMap(content => Object.values(content ?? {}) as { schema?: unknown }[]);
      for (const { schema } of [...operation.parameters, ...media]) assert.equal(typeof schema, 'object', at);
    }
  });

  it('describe every operation and each of its responses, problem details among them', () => {
    for (const { at, method, operation } of operations) {
      assert.ok(METHODS.includes(method), at);
      assert.ok(operation.summary.length > 0, at);
      const codes = Object.keys(operation.responses);
      assert.ok(codes.includes('default') && codes.some(code => /^2\d\d$/.test(code)), at);
      for (const { description } of Object.values(operation.responses)) assert.ok(description.length > 0, at);
    }
  });

  it('hold no references that lead nowhere', () => {
    for (const [path, document] of apis) assert.doesNotMatch(JSON.stringify(document), /"\$ref"/, path);
  });
});

describe('a stand-in for what routes use', () => {
  it('gives any property and refuses every call', () => {
    const stand = inert<{ readonly options: { readonly network: object }; run(): void }>();
    assert.equal(typeof stand.options.network, 'function');
    assert.throws(() => stand.run(), { code: 'REQUEST_INVALID' });
  });
});
