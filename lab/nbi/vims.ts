import { createHash } from 'node:crypto';
import type { Answer } from './answer.js';
import { checked } from './schema.js';
import type { NbiWorld } from './world.js';

/** VIM accounts: taken at once, ENABLED when the life-cycle manager has seen them, which here it does at the second look. */
export function createVim(world: NbiWorld, body: unknown): Answer {
  const asked = checked('vim', body);
  const id = world.newId();
  const now = world.now();
  const operation = {
    ...{ lcmOperationType: 'create', operationState: 'PROCESSING', startTime: now, statusEnteredTime: now },
    ...{ 'detailed-status': '', operationParams: null },
  };
  const later =
    world.profile.name === 'R19'
      ? {
          key: 'registered',
          resources: { compute: UNKNOWN_COMPUTE, storage: UNKNOWN_STORAGE, network: UNKNOWN_NETWORK },
        }
      : {};
  world.put(
    'vims',
    {
      ...asked,
      ...{
        schema_version: '1.11',
        vim_password: createHash('md5').update(`${id}${asked.vim_password}`).digest('base64'),
      },
      ...{ _id: id, ...later },
    },
    { operationalState: 'PROCESSING', operations: [operation], current_operation: null },
  );
  const { profile } = world;
  const ids = profile.bothIds ? { _id: id, id } : { id };
  return {
    status: profile.accepted,
    location: `/osm/admin/v1/vim_accounts/${id}`,
    body: profile.accepted === 201 ? ids : { ...ids, op_id: `${id}:0` },
  };
}

/** They are in use from now on. */
export function enableVims(world: NbiWorld): void {
  for (const vim of world.all('vims')) vim._admin['operationalState'] = 'ENABLED';
}

const OF_UNKNOWN = { total: null, used: null };
const UNKNOWN_COMPUTE = { ram: OF_UNKNOWN, vcpus: OF_UNKNOWN, instances: OF_UNKNOWN };
const UNKNOWN_STORAGE = { volumes: OF_UNKNOWN, snapshots: OF_UNKNOWN, storage: OF_UNKNOWN };
const UNKNOWN_NETWORK = { networks: OF_UNKNOWN, subnets: OF_UNKNOWN, floating_ips: OF_UNKNOWN };
