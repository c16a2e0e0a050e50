import { Refused, type Answer } from './answer.js';
import type { Instances } from './instances.js';
import { createPackage, packageBody, putContent, removePackage, uploadPackage, type PackageKind } from './packages.js';
import type { NbiProfile } from './profile.js';
import type { Subscriptions } from './subscriptions.js';
import type { Tokens } from './tokens.js';
import { createVim } from './vims.js';
import type { Collection, NbiWorld } from './world.js';

export interface NbiRequestIn {
  readonly method: string;
  readonly query: URLSearchParams;
  /** Parsed, or the bytes of a package. */
  readonly body: unknown;
  readonly md5?: string;
}

export interface Parts {
  readonly world: NbiWorld;
  readonly tokens: Tokens;
  readonly instances: Instances;
  readonly subscriptions: Subscriptions;
}

type Run = (parts: Parts, request: NbiRequestIn, id: string) => Answer | Promise<Answer>;
interface Route {
  readonly method: string;
  /** Segments below `/osm`; `:id` takes any. */
  readonly path: string;
  /** Only in releases that have this. */
  readonly needs?: (profile: NbiProfile) => boolean;
  readonly run: Run;
}

const list =
  (collection: Collection, of: (parts: Parts, stored: never) => unknown = (_, stored) => stored): Run =>
  ({ world, ...rest }, { query }) => ({
    status: 200,
    body: world.select(collection, query).map(stored => of({ world, ...rest }, stored as never)),
  });
const one =
  (collection: Collection, of: (stored: never) => unknown = stored => stored): Run =>
  ({ world }, _, id) => ({ status: 200, body: of(world.get(collection, id) as never) });

const packages = (kind: PackageKind, topic: string, content: string): Route[] => {
  const collection = `${kind}s` as const;
  const body = packageBody.bind(undefined, kind);
  return [
    { method: 'GET', path: topic, run: list(collection, (_, stored) => body(stored)) },
    { method: 'GET', path: `${topic}/:id`, run: one(collection, body) },
    { method: 'POST', path: topic, run: ({ world }) => createPackage(world, kind) },
    { method: 'DELETE', path: `${topic}/:id`, run: ({ world }, _, id) => removePackage(world, kind, id) },
    {
      method: 'PUT',
      path: `${topic}/:id/${content}`,
      run: ({ world }, { body: bytes, md5 }, id) => putContent(world, kind, id, bytes as Buffer, md5),
    },
    {
      method: 'POST',
      path: `${topic}_content`,
      run: ({ world }, { body: bytes, md5 }) => uploadPackage(world, kind, bytes as Buffer, md5),
    },
  ];
};

const NS = 'nslcm/v1/ns_instances';
const hasSubscriptions = ({ subscriptions }: NbiProfile): boolean => subscriptions;
const hasHeal = ({ heal }: NbiProfile): boolean => heal;

const ROUTES: readonly Route[] = [
  { method: 'GET', path: 'version', run: ({ world }) => ({ status: 200, body: world.profile.version }) },
  { method: 'GET', path: 'admin/v1/tokens', run: ({ tokens }) => tokens.list() },
  { method: 'POST', path: 'admin/v1/tokens', run: ({ tokens }, { body }) => tokens.create(body) },
  { method: 'DELETE', path: 'admin/v1/tokens/:id', run: ({ tokens }, _, id) => tokens.remove(id) },
  { method: 'GET', path: 'admin/v1/vim_accounts', run: list('vims') },
  { method: 'POST', path: 'admin/v1/vim_accounts', run: ({ world }, { body }) => createVim(world, body) },
  { method: 'GET', path: 'admin/v1/vim_accounts/:id', run: one('vims') },
  ...packages('vnfd', 'vnfpkgm/v1/vnf_packages', 'package_content'),
  ...packages('nsd', 'nsd/v1/ns_descriptors', 'nsd_content'),
  { method: 'GET', path: NS, run: list('nsrs') },
  { method: 'GET', path: `${NS}_content`, run: list('nsrs') },
  { method: 'POST', path: NS, run: ({ instances }, { body }) => instances.create(body) },
  { method: 'POST', path: `${NS}_content`, run: ({ instances }, { body }) => instances.createAndInstantiate(body) },
  { method: 'GET', path: `${NS}/:id`, run: one('nsrs') },
  { method: 'GET', path: `${NS}_content/:id`, run: one('nsrs') },
  {
    method: 'DELETE',
    path: `${NS}/:id`,
    run: ({ instances }, { query }, id) => instances.remove(id, query.get('FORCE')?.toLowerCase() === 'true'),
  },
  { method: 'DELETE', path: `${NS}_content/:id`, run: ({ instances }, _, id) => instances.removeContent(id) },
  {
    method: 'POST',
    path: `${NS}/:id/instantiate`,
    run: ({ instances }, { body }, id) => instances.instantiate(id, body),
  },
  { method: 'POST', path: `${NS}/:id/terminate`, run: ({ instances }, { body }, id) => instances.terminate(id, body) },
  { method: 'POST', path: `${NS}/:id/scale`, run: ({ instances }, { body }, id) => instances.scale(id, body) },
  { method: 'POST', path: `${NS}/:id/action`, run: ({ instances }, { body }, id) => instances.action(id, body) },
  {
    method: 'POST',
    path: `${NS}/:id/heal`,
    needs: hasHeal,
    run: ({ instances }, { body }, id) => instances.heal(id, body),
  },
  {
    method: 'POST',
    path: `${NS}/:id/migrate`,
    needs: hasHeal,
    run: ({ instances }, { body }, id) => instances.migrate(id, body),
  },
  { method: 'GET', path: 'nslcm/v1/vnf_instances', run: list('vnfrs') },
  { method: 'GET', path: 'nslcm/v1/vnf_instances/:id', run: one('vnfrs') },
  { method: 'GET', path: 'nslcm/v1/ns_lcm_op_occs', run: list('operations') },
  { method: 'GET', path: 'nslcm/v1/ns_lcm_op_occs/:id', run: one('operations') },
  { method: 'GET', path: 'nslcm/v1/subscriptions', needs: hasSubscriptions, run: list('subscriptions') },
  {
    method: 'POST',
    path: 'nslcm/v1/subscriptions',
    needs: hasSubscriptions,
    run: ({ subscriptions }, { body }) => subscriptions.create(body),
  },
  { method: 'GET', path: 'nslcm/v1/subscriptions/:id', needs: hasSubscriptions, run: one('subscriptions') },
  {
    method: 'DELETE',
    path: 'nslcm/v1/subscriptions/:id',
    needs: hasSubscriptions,
    run: ({ subscriptions }, _, id) => subscriptions.remove(id),
  },
];

/** The route of a request; all that is not known is 405, never 404, with the words of the real one. */
export function routeOf(profile: NbiProfile, method: string, path: string): { run: Run; id: string } {
  const segments = path.split('/').filter(segment => segment !== '');
  const routes = ROUTES.filter(route => route.needs?.(profile) ?? true).map(route => ({
    ...route,
    words: route.path.split('/'),
  }));
  const fits = (words: readonly string[], depth: number): boolean =>
    segments.slice(0, depth).every((segment, at) => words[at] === ':id' || words[at] === segment);
  const whole = routes.filter(({ words }) => words.length === segments.length && fits(words, segments.length));
  const found = whole.find(route => route.method === method);
  if (found !== undefined) return { run: found.run, id: segments[found.words.indexOf(':id')] ?? '' };
  if (whole.length > 0) throw new Refused(405, `Method ${method} not supported for this URL`);
  const depth = segments.findIndex((_, at) => !routes.some(({ words }) => words.length > at && fits(words, at + 1)));
  if (depth === 0) throw new Refused(405, `URL main_topic '${segments[0] ?? ''}' not supported`);
  throw new Refused(405, `Unexpected URL item ${segments[depth] ?? ''}`);
}
