import { codeOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type { Northbound } from './northbound.js';
import { buildPackage, type Model } from './packages/build.js';
import { nsdOf, vnfdOf, type Vxf } from './packages/vxf.js';

export interface Onboarded {
  /** What orders name the service by. */
  readonly nsdId: string;
  readonly model: Model;
  /** What was uploaded now; empty where all was there. */
  readonly uploaded: readonly string[];
}

/**
 * Has the two packages of a function there, uploading what is missing, the function before the service. Which model the
 * release takes is found by trying the newer one: versions are not to be trusted. A package that is there already is left
 * as it is, unless `replace`.
 */
export async function onboard(northbound: Northbound, vxf: Vxf, { replace = false } = {}): Promise<Onboarded> {
  const uploaded: string[] = [];
  let model: Model = 'sol006';
  const upload = async (kind: 'vnf' | 'ns', id: string | undefined): Promise<void> => {
    const file = await buildPackage(vxf, kind, model);
    if (id === undefined) await northbound.onboard(kind, file);
    else await northbound.replacePackage(kind, id, file);
    uploaded.push(kind === 'vnf' ? vnfdOf(vxf) : nsdOf(vxf));
  };
  const vnfd = (await northbound.packages('vnf')).find(({ name }) => name === vnfdOf(vxf));
  if (vnfd === undefined || replace) {
    await upload('vnf', vnfd?.id).catch(async (error: unknown) => {
      if (codeOf(error) !== 'MANO_REFUSED') throw error;
      model = 'native';
      await upload('vnf', vnfd?.id);
    });
  } else model = await modelOf(northbound);
  const nsd = await findService(northbound, vxf);
  if (nsd?.usable !== true || replace) await upload('ns', nsd?.id);
  const found = await findService(northbound, vxf);
  if (found === undefined) throw fault('MANO_REFUSED', `${nsdOf(vxf)} is not there after its upload`);
  return { nsdId: found.id, model, uploaded };
}

const findService = async (northbound: Northbound, vxf: Vxf) =>
  (await northbound.packages('ns')).find(({ name }) => name === nsdOf(vxf));

/** Of what is there already: only the newer model's descriptors have flavours (`df`). */
async function modelOf(northbound: Northbound): Promise<Model> {
  return (await northbound.packages('vnf')).some(({ flavoured }) => flavoured) ? 'sol006' : 'native';
}

/** What orders name a service by that is there already. */
export async function nsdIdOf(northbound: Northbound, vxf: Vxf): Promise<string> {
  const found = await findService(northbound, vxf);
  if (found?.usable !== true)
    throw fault('MANO_REFUSED', `${nsdOf(vxf)} is not onboarded: edgetwin mano packages onboard ${vxf.name}`);
  return found.id;
}

/** The id of a VIM account that may be used, by the name of its domain's account. */
export async function vimIdOf(northbound: Northbound, name: string): Promise<string> {
  const found = (await northbound.vims()).find(vim => vim.name === name);
  if (found === undefined) throw fault('MANO_REFUSED', `no VIM account ${name}`);
  if (found.state !== 'ENABLED') throw fault('MANO_CONFLICT', `VIM account ${name} is ${found.state}: ${found.detail}`);
  return found.id;
}
