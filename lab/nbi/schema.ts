import { z } from 'zod';
import { Refused } from './answer.js';
import type { NbiProfile } from './profile.js';

const Uuid = z.string().regex(/^[0-9a-f-]{36}$/);
const Params = z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), z.unknown());
const Text = z.string().min(1);
const Network = z.union([Text, z.record(z.string(), Text)]);

const INSTANTIATE = {
  nsName: Text,
  nsdId: Uuid,
  vimAccountId: Uuid,
  nsDescription: z.string().nullish(),
  ssh_keys: z.array(z.string()).optional(),
  additionalParamsForNs: Params.optional(),
  additionalParamsForVnf: z
    .array(z.strictObject({ 'member-vnf-index': Text, additionalParams: Params.optional() }))
    .optional(),
  vnf: z
    .array(
      z.strictObject({
        'member-vnf-index': Text,
        vimAccountId: Uuid.optional(),
        vdu: z
          .array(
            z.strictObject({
              id: Text,
              interface: z
                .array(
                  z.strictObject({
                    name: Text,
                    'ip-address': z.ipv4().optional(),
                    'mac-address': z.string().optional(),
                    'floating-ip-required': z.boolean().optional(),
                  }),
                )
                .optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
  vld: z
    .array(
      z.strictObject({
        name: Text,
        'vim-network-name': Network.optional(),
        'vim-network-id': Network.optional(),
        'ip-profile': z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .optional(),
};
/** Orders name themselves in the second step, too. */
const LATER = { timeout_ns_deploy: z.int().min(1).optional() };

const SCHEMAS = {
  instantiate: z.strictObject({ ...INSTANTIATE, ...LATER }),
  instantiateR5: z.strictObject(INSTANTIATE),
  terminate: z.strictObject({
    autoremove: z.boolean().optional(),
    timeout_ns_terminate: z.int().min(1).optional(),
    skip_terminate_primitives: z.boolean().optional(),
  }),
  terminateR5: z.strictObject({}),
  scale: z.strictObject({
    scaleType: z.literal('SCALE_VNF'),
    scaleVnfData: z.strictObject({
      scaleVnfType: z.enum(['SCALE_OUT', 'SCALE_IN']),
      scaleByStepData: z.strictObject({ 'scaling-group-descriptor': Text, 'member-vnf-index': Text }),
    }),
  }),
  heal: z.strictObject({
    healVnfData: z.array(
      z.strictObject({
        vnfInstanceId: Uuid,
        cause: z.string().optional(),
        additionalParams: z.looseObject({}).optional(),
      }),
    ),
  }),
  migrate: z.strictObject({
    vnfInstanceId: Uuid,
    migrateToHost: Text.optional(),
    vdu: z.looseObject({}).optional(),
  }),
  action: z.looseObject({ primitive: Text, primitive_params: z.looseObject({}) }),
  vim: z.looseObject({
    name: Text,
    vim_url: Text,
    vim_type: Text,
    vim_tenant_name: Text,
    vim_user: Text,
    vim_password: Text,
  }),
  subscription: z.strictObject({
    CallbackUri: z.url(),
    filter: z
      .strictObject({
        nsInstanceSubscriptionFilter: z.looseObject({}).optional(),
        notificationTypes: z.array(Text).optional(),
        operationTypes: z.array(z.enum(['INSTANTIATE', 'SCALE', 'TERMINATE', 'UPDATE', 'HEAL'])).optional(),
        operationStates: z.array(Text).optional(),
      })
      .optional(),
    authentication: z.looseObject({}).optional(),
  }),
} as const;

export type Order = z.infer<(typeof SCHEMAS)['instantiate']>;
export type SubscriptionBody = z.infer<(typeof SCHEMAS)['subscription']>;

/** Checks a body as the interface does: unknown keys and missing ones are 422, in its words. */
export function checked<N extends keyof typeof SCHEMAS>(name: N, body: unknown): z.infer<(typeof SCHEMAS)[N]> {
  const found = SCHEMAS[name].safeParse(body ?? {});
  if (found.success) return found.data as z.infer<(typeof SCHEMAS)[N]>;
  const [issue] = found.error.issues;
  // A missing key is a fault of the object that lacks it.
  const path = issue === undefined ? [] : isMissing(issue) ? issue.path.slice(0, -1) : issue.path;
  const at = path.length === 0 ? '' : `at '${path.join(':')}' `;
  throw new Refused(
    422,
    `Format error ${at} '${wordsOf(issue)}' ${ORDERS.has(name) ? " while 'validating input parameters'" : ''}`,
  );
}

/** Which form of a body a release takes. */
export function formOf(name: 'instantiate' | 'terminate', profile: NbiProfile): keyof typeof SCHEMAS {
  if (name === 'instantiate') return profile.timeouts ? 'instantiate' : 'instantiateR5';
  return profile.autoremove ? 'terminate' : 'terminateR5';
}

/** Bodies that are checked by the part that takes orders, which says so. */
const ORDERS: ReadonlySet<keyof typeof SCHEMAS> = new Set([
  'instantiate',
  'instantiateR5',
  'terminate',
  'terminateR5',
  'scale',
  'heal',
  'migrate',
  'action',
]);

const isMissing = (issue: z.core.$ZodIssue): boolean => issue.code === 'invalid_type' && issue.input === undefined;

function wordsOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'invalid';
  if (issue.code === 'unrecognized_keys')
    return `Additional properties are not allowed ('${issue.keys.join("', '")}' was unexpected)`;
  return isMissing(issue) ? `'${String(issue.path.at(-1))}' is a required property` : issue.message;
}
