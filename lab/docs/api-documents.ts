import { analyticsRoutes } from '../../analytics/rest/routes.js';
import type { RouteDeps as AnalyticsDeps } from '../../analytics/rest/route-deps.js';
import { deviceRoutes, type DeviceControl } from '../../device/routes.js';
import type { Orders } from '../../md-manager/leader/orders.js';
import { leaderRoute, ordersRoute } from '../../md-manager/leader/routes.js';
import { operatorRoutes, type OperatorDeps } from '../../md-manager/rest/operator-routes.js';
import { managerRoutes, type RouteDeps as ManagerDeps } from '../../md-manager/rest/routes.js';
import { settingsRoutes } from '../../md-manager/rest/settings.js';
import type { SettingsDesk } from '../../md-manager/settings/desk.js';
import type { Adjacency } from '../../md-manager/triggers/mobility/adjacency.js';
import type { Registered } from '../../md-manager/triggers/mobility/registered.js';
import { registeredRoutes } from '../../md-manager/triggers/mobility/registered-rest.js';
import { mobilityRoutes } from '../../md-manager/triggers/mobility/rest.js';
import type { Subscribers } from '../../md-manager/triggers/mobility/subscribers.js';
import { triggerRoutes, type TriggerRouteDeps } from '../../md-manager/triggers/rest.js';
import type { Route } from '../../protocol/api/route.js';
import { openApi } from '../../protocol/api/openapi.js';
import { sdnRoutes } from '../../sdn-app/rest/routes.js';
import type { SdnService } from '../../sdn-app/service.js';
import type { Control } from '../../vmd/control/control.js';
import { controlRoutes } from '../../vmd/control/routes.js';
import type { HostEvents } from '../../vmd/control/host-events.js';
import { radioRoutes, type RadioControl } from '../radio/routes.js';
import type { Replicator } from '../replicator/replicator.js';
import { replicatorRoutes } from '../replicator/routes.js';
import { inert } from './inert.js';
import { GENERATED } from './markdown.js';

/** The routes of every service that has some, by the name of its document. */
const SERVICES: Readonly<Record<string, () => readonly Route[]>> = {
  'md-manager': () => [
    ...managerRoutes(inert<ManagerDeps>()),
    ...settingsRoutes(inert<SettingsDesk>(), inert()),
    ...triggerRoutes(inert<TriggerRouteDeps>()),
    ...mobilityRoutes(inert<Subscribers>(), inert<Adjacency>(), ''),
    ...registeredRoutes(inert<Registered>(), ''),
    ...operatorRoutes(inert<OperatorDeps>()),
    ordersRoute(inert<Orders>(), inert()),
    leaderRoute(inert()),
  ],
  'sdn-app': () => sdnRoutes(inert<SdnService>()),
  vmd: () => controlRoutes(inert<Control>(), inert<HostEvents>(), inert(), inert()),
  analytics: () => analyticsRoutes(inert<AnalyticsDeps>()),
  device: () => deviceRoutes(inert<DeviceControl>()),
  radio: () => radioRoutes(inert<RadioControl>()),
  replicator: () => replicatorRoutes(inert<Replicator>()),
};

/** OpenAPI 3.1 document of each service: file name → JSON text. */
export function apiDocuments(): Map<string, string> {
  return new Map(
    Object.entries(SERVICES).map(([service, routes]) => [
      `${service}.json`,
      `${JSON.stringify({ 'x-generated': GENERATED, ...openApi(service, routes()) }, undefined, 2)}\n`,
    ]),
  );
}
