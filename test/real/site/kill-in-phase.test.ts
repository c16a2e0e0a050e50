import { killPart, killsOnStage, type AnyGate, type Stage } from '../../journeys/kill-in-phase.js';
import { openSiteGate } from '../../../lab/site/gate.js';
import { CORE, SITE_PORT } from '../../../lab/site/layout.js';
import { SiteJourney, needsSite } from './harness.js';

const GATE_PORT = { hosts: 7101, sdn: 7102, manager: 7103 } as const;

/** Through the manager: gates hold what armed moves and tickets do not say. */
const MANAGER_ALONE = { 'md-manager': ['--arming-enabled', 'false', '--tickets-per-domain', '0'] };

const stage = (kill: (journey: SiteJourney) => Promise<void>): Stage => ({
  open: gates =>
    SiteJourney.open({
      extra: MANAGER_ALONE,
      via: async network => {
        const at = async (name: keyof typeof GATE_PORT, port?: number): Promise<string> => {
          const upstream = port === undefined ? undefined : `http://127.0.0.1:${port}`;
          const listen = { address: '127.0.0.1', port: GATE_PORT[name] };
          const gate: AnyGate = await openSiteGate(network, CORE, listen, upstream);
          gates.set(name, gate);
          return gate.url;
        };
        return {
          hosts: await at('hosts'),
          sdn: await at('sdn', SITE_PORT.sdn),
          manager: await at('manager', SITE_PORT.manager),
        };
      },
    }),
  kill: journey => kill(journey as SiteJourney),
});

describe('on Open vSwitch', () => {
  before(needsSite);

  killsOnStage(
    'sdn-app',
    stage(journey => killPart(journey, 'sdn-app')),
  );
  killsOnStage(
    'controller',
    stage(journey => killPart(journey, journey.system.plan.controller === 'ryu' ? 'ryu' : 'sdn-app')),
  );
  killsOnStage(
    'switch',
    stage(async ({ openVSwitch }) => {
      await openVSwitch.kill();
      await openVSwitch.restart();
    }),
  );
});
