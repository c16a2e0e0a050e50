import { WAYS } from '../api/common.js';
import { each, type MetricTable } from './table.js';

export const MANAGER = {
  handover_total: {
    kind: 'counter',
    help: 'hand-overs that ended; way `none`: before one was chosen',
    labels: ['result', 'reason', 'kind', 'way'],
    starts: WAYS.flatMap(way => ['move', 'first'].map(kind => ({ result: 'completed', reason: 'none', kind, way }))),
  },
  manager_trigger_total: {
    kind: 'counter',
    help: 'news of core networks and MEC platforms about where devices go, by what became of them',
    labels: ['origin', 'result'],
  },
  manager_orders_unwritten_total: {
    kind: 'counter',
    help: 'orders that are in the log alone: the audit log could not be written for long',
  },
  manager_leading: { kind: 'gauge', help: '1 where this md-manager leads' },
  manager_trigger_acks_total: {
    kind: 'counter',
    help: 'answers to news that ask for one, by what was said and whether it got there',
    labels: ['origin', 'status', 'result'],
  },
  manager_subscription_up: {
    kind: 'gauge',
    help: '1 while a core network or MEC platform has our subscription',
    labels: ['origin', 'what'],
  },
  manager_subscription_total: {
    kind: 'counter',
    help: 'tries to make or renew subscriptions there (held, away, refused), and how often they had forgotten one',
    labels: ['origin', 'result'],
  },
  manager_mobility_apps: { kind: 'gauge', help: 'applications of others that go with their devices (MEC 021)' },
  manager_mobility_subscriptions: { kind: 'gauge', help: 'others that are told of our hand-overs (MEC 021)' },
  manager_mobility_notifications_total: {
    kind: 'counter',
    help: 'notifications to them, by what became of them',
    labels: ['result'],
  },
  registrations_total: {
    kind: 'counter',
    help: 'registrations by result',
    labels: ['result'],
    starts: each('result', ['ok']),
  },
  vehicles_registered: { kind: 'gauge', help: 'vehicles that have a number' },
  service_lease_term: { kind: 'gauge', help: 'term of the active one of a service', labels: ['service'] },
  service_lease_changes_total: {
    kind: 'counter',
    help: 'times that another one became the active one of a service',
    labels: ['service'],
  },
  effect_retries_total: {
    kind: 'counter',
    help: 'commands to hosts, switch or store that had to be repeated',
    labels: ['effect', 'code'],
  },
} as const satisfies MetricTable;
