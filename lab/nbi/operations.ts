import type { NbiWorld, Stored } from './world.js';

export type Verb = 'instantiate' | 'terminate' | 'scale' | 'heal' | 'migrate';

/** A new operation, PROCESSING, with its parameters as the release gives them back. */
export function openOperation(world: NbiWorld, nsId: string, verb: Verb, params: Record<string, unknown>): Stored {
  const id = world.newId();
  const now = world.now();
  const { additionalParamsForVnf: forVnf, ...rest } = params;
  const forVnfBack = world.profile.paramsAsText ? pythonJson(forVnf) : forVnf;
  return world.put('operations', {
    ...{ id, _id: id, operationState: 'PROCESSING', queuePosition: null, stage: null, errorMessage: null },
    ...{ detailedStatus: null, statusEnteredTime: now, nsInstanceId: nsId, lcmOperationType: verb, startTime: now },
    isAutomaticInvocation: false,
    operationParams: {
      ...rest,
      ...(forVnf === undefined ? {} : { additionalParamsForVnf: forVnfBack }),
      ...(verb === 'instantiate' ? { nsr_id: nsId } : {}),
      ...{ lcmOperationType: verb, nsInstanceId: nsId },
    },
    isCancelPending: false,
    links: {
      self: `/osm/nslcm/v1/ns_lcm_op_occs/${id}`,
      nsInstance: `/osm/nslcm/v1/ns_instances/${nsId}`,
    },
  });
}

/** As Python writes JSON: a blank behind each colon and comma. */
function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, one]) => `${JSON.stringify(name)}: ${pythonJson(one)}`)
    .join(', ')}}`;
}
