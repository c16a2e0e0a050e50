import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Clock, Timers } from '../../../common/clock.js';
import type { Log } from '../../../common/log.js';
import { fault } from '../../../protocol/errors.js';
import type { ControlStore } from '../../../store/types.js';
import { openCallbacks } from './callbacks.js';
import { Login } from './login.js';
import { Northbound } from './northbound.js';
import { nsdIdOf, vimIdOf } from './onboard.js';
import { OsmMano, type OsmManoOptions } from './osm-mano.js';
import { faultsOf } from './packages/cloud-init.js';
import { vxfOf, type Vxf } from './packages/vxf.js';
import { Settling } from './settle.js';
import type { OsmConfig, OsmOrderConfig } from './settings.js';
import { NbiTransport } from './transport.js';

export interface OpenNorthbound extends AsyncDisposable {
  readonly northbound: Northbound;
}

/** Opens the client; nothing is sent yet. Throws CONFIG_INVALID where a setting is missing. */
export async function openNorthbound(config: OsmConfig, clock: Clock): Promise<OpenNorthbound> {
  const { 'osm.user': user, 'osm.project': project, 'osm.trust': trust } = config;
  const passwordFile = needed(config, 'osm.passwordFile');
  const password = (
    await readFile(passwordFile, 'utf8').catch((cause: unknown) => {
      throw fault('CONFIG_INVALID', `osm.passwordFile ${passwordFile} cannot be read`, {
        cause,
      });
    })
  ).trimEnd();
  const transport = await NbiTransport.open({
    url: needed(config, 'osm.url'),
    tls: trust === 'ca' ? { kind: 'pinned', caFile: needed(config, 'osm.caFile') } : { kind: trust },
  });
  return {
    northbound: new Northbound(new Login(transport, { user, password, project }, clock)),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

function needed(config: OsmConfig, name: 'osm.url' | 'osm.passwordFile' | 'osm.caFile'): string {
  const value = config[name];
  if (value === undefined) throw fault('CONFIG_INVALID', `${name} is required`);
  return value;
}

export interface OsmManoDeps extends Pick<OsmManoOptions, 'store' | 'addressesFrom'> {
  readonly store: ControlStore;
  /** Words of the cloud-init template that are the same for all hosts of a domain. */
  readonly words: (domain: string) => Readonly<Record<string, string>>;
  /** Every domain that has a pool. */
  readonly domains: readonly string[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

/** vMD hosts by Open Source MANO, as the settings say. CONFIG_INVALID where they cannot be ordered so. */
export async function openOsmMano(config: OsmConfig & OsmOrderConfig, deps: OsmManoDeps): Promise<OsmMano> {
  const { clock, timers } = deps;
  const vmd = vxfOf('vmd') as Vxf;
  const vims = new Map(config['osm.vims']);
  const without = deps.domains.filter(domain => !vims.has(domain));
  if (without.length > 0) throw fault('CONFIG_INVALID', `osm.vims names no VIM account of ${without.join(', ')}`);
  const { northbound, ...open } = await openNorthbound(config, clock);
  const settling = new Settling({ read: (id, signal) => northbound.operation(id, signal), clock, timers });
  const listen = config['osm.callback'];
  const callbacks =
    listen === undefined ? undefined : await openCallbacks(listen, { northbound, settling, timers, log: deps.log });
  return new OsmMano({
    ...deps,
    ...{ northbound, settling, deployment: config['osm.deployment'] },
    newEnrolment: () => randomBytes(16).toString('hex'),
    close: async () => {
      await callbacks?.[Symbol.asyncDispose]();
      await open[Symbol.asyncDispose]();
    },
    orderOf: async ({ host, domain, address, enrolment }) => {
      const vim = vims.get(domain);
      if (vim === undefined) throw fault('CONFIG_INVALID', `osm.vims names no VIM account of ${domain}`);
      const params = { ...deps.words(domain), host, domain, address, enrolment_token: enrolment };
      const faults = faultsOf(vmd, params);
      if (faults.length > 0) throw fault('CONFIG_INVALID', `the order of ${host}: ${faults.join('; ')}`);
      const [nsdId, vimId] = await Promise.all([nsdIdOf(northbound, vmd), vimIdOf(northbound, vim)]);
      return { nsdId, vimId, params, network: config['osm.network'], address };
    },
  });
}
