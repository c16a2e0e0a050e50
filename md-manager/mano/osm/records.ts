import { z } from 'zod';

/** What the northbound interface's records say, in one form for all releases. Unknown keys are left alone. */

export interface Token {
  readonly id: string;
  readonly expiresMs: number;
}

/** `undefined` where the answer holds none (release 19 may ask for another password instead). Times are seconds with fractions. */
export function tokenOf(body: unknown): Token | undefined {
  const found = z.object({ id: z.string(), expires: z.number() }).safeParse(body);
  return found.success ? { id: found.data.id, expiresMs: found.data.expires * 1000 } : undefined;
}

/** States of an operation (ETSI SOL 005 §6.5.2.3); which are final, and what they mean. */
const STATES = {
  PROCESSING: 'going-on',
  ROLLING_BACK: 'going-on',
  COMPLETED: 'done',
  PARTIALLY_COMPLETED: 'done',
  FAILED_TEMP: 'failed',
  FAILED: 'failed',
  ROLLED_BACK: 'failed',
} as const;

export interface Operation {
  readonly id: string;
  readonly nsId: string;
  /** `instantiate`, `terminate`, …, in lower case. */
  readonly kind: string;
  readonly state: keyof typeof STATES;
  readonly outcome: 'going-on' | 'done' | 'failed';
  /** What it says of itself, whichever spelling it uses; empty where it says nothing. */
  readonly detail: string;
  readonly startedAtMs: number;
}

const Text = z.string().nullish();
const OperationRecord = z.looseObject({
  id: z.string(),
  nsInstanceId: z.string(),
  lcmOperationType: z.string(),
  operationState: z.enum(Object.keys(STATES) as (keyof typeof STATES)[]),
  startTime: z.number(),
  errorMessage: Text,
  detailedStatus: z.unknown().optional(),
  'detailed-status': z.unknown().optional(),
  stage: z.unknown().optional(),
});

export function operationOf(body: unknown): Operation {
  const record = OperationRecord.parse(body);
  const words = [record.errorMessage, record['detailed-status'], record.detailedStatus, record.stage];
  return {
    id: record.id,
    nsId: record.nsInstanceId,
    kind: record.lcmOperationType.toLowerCase(),
    state: record.operationState,
    outcome: STATES[record.operationState],
    detail: words.map(textOf).find(said => said !== '') ?? '',
    startedAtMs: record.startTime * 1000,
  };
}

/** Text, or a list of texts with empty places (`stage`). */
function textOf(said: unknown): string {
  if (typeof said === 'string') return said.trim();
  return Array.isArray(said) ? said.map(textOf).filter(Boolean).join(' ') : '';
}

export interface NsRecord {
  readonly id: string;
  readonly name: string;
  /** As osmclient judges it: running and configured. An operation that is done is not enough. */
  readonly ready: boolean;
  readonly failed: boolean;
  /** Whether it may be deleted: not instantiated. Right after an instantiation was ordered this lies (it is set only later). */
  readonly instantiated: boolean;
  readonly vimId: string | undefined;
  /** The descriptor's own name; older releases may not tell. */
  readonly nsd: string | undefined;
  readonly detail: string;
}

const NsBody = z.looseObject({
  _id: z.string(),
  name: z.string(),
  'operational-status': Text,
  'config-status': Text,
  'detailed-status': z.unknown().optional(),
  errorDescription: Text,
  datacenter: Text,
  'nsd-name-ref': Text,
  'nsd-ref': Text,
  _admin: z.looseObject({ nsState: Text }).nullish(),
});

export function nsRecordOf(body: unknown): NsRecord {
  const record = NsBody.parse(body);
  const operational = record['operational-status'];
  const config = record['config-status'];
  return {
    id: record._id,
    name: record.name,
    ready: operational === 'running' && config === 'configured',
    failed: operational === 'failed' || config === 'failed',
    instantiated: record._admin?.nsState === 'INSTANTIATED',
    vimId: record.datacenter ?? undefined,
    nsd: record['nsd-ref'] ?? record['nsd-name-ref'] ?? undefined,
    detail: [record.errorDescription, record['detailed-status']].map(textOf).find(said => said !== '') ?? '',
  };
}

const VnfBody = z.looseObject({
  _id: z.string(),
  'member-vnf-index-ref': z.string(),
  'ip-address': Text,
  vdur: z
    .array(
      z.looseObject({
        interfaces: z
          .array(
            z.looseObject({
              'ip-address': Text,
              'mgmt-interface': z.boolean().nullish(),
              'mgmt-vnf': z.boolean().nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

/** The management address of a network service's first function, once it has one. */
export function addressOf(vnfs: unknown): string | undefined {
  for (const vnf of z.array(VnfBody).parse(vnfs)) {
    const interfaces = (vnf.vdur ?? []).flatMap(vdu => vdu.interfaces ?? []);
    const management = interfaces.find(one => one['mgmt-vnf'] ?? one['mgmt-interface']) ?? interfaces[0];
    // A function with several addresses of one kind lists them with semicolons.
    const address = (vnf['ip-address'] ?? management?.['ip-address'])?.split(';')[0];
    if (address !== undefined && address !== '') return address;
  }
  return undefined;
}

export const functionIds = (vnfs: unknown): string[] =>
  z
    .array(VnfBody)
    .parse(vnfs)
    .map(({ _id }) => _id);

export interface VimAccount {
  readonly id: string;
  readonly name: string;
  readonly state: 'ENABLED' | 'PROCESSING' | 'ERROR';
  readonly detail: string;
}

const VimBody = z.looseObject({
  _id: z.string(),
  name: z.string(),
  _admin: z
    .looseObject({
      operationalState: z.enum(['ENABLED', 'PROCESSING', 'ERROR']).nullish(),
      'detailed-status': z.unknown().optional(),
    })
    .nullish(),
});

export function vimsOf(body: unknown): VimAccount[] {
  return z
    .array(VimBody)
    .parse(body)
    .map(({ _id, name, _admin }) => ({
      id: _id,
      name,
      // Older releases do not say: what is listed may be used.
      state: _admin?.operationalState ?? 'ENABLED',
      detail: textOf(_admin?.['detailed-status']),
    }));
}

export interface PackageRecord {
  /** What calls name it by. */
  readonly id: string;
  /** The descriptor's own name. */
  readonly name: string;
  readonly usable: boolean;
  /** Whether its descriptor is of the newer model (SOL 006), which has deployment flavours. */
  readonly flavoured: boolean;
}

export function packagesOf(body: unknown): PackageRecord[] {
  return z
    .array(
      z.looseObject({
        _id: z.string(),
        id: Text,
        df: z.unknown().optional(),
        _admin: z.looseObject({ operationalState: Text }).nullish(),
      }),
    )
    .parse(body)
    .map(({ _id, id, df, _admin }) => ({
      id: _id,
      name: id ?? '',
      usable: _admin?.operationalState === 'ENABLED',
      flavoured: df !== undefined,
    }));
}
