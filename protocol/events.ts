/** Every event that a log line may carry; `test/unit/protocol/events.test.ts` holds the sources against it. */
export const EVENTS = [
  'service.started',
  'service.stopping',
  'http.failed',
  // coap
  'coap.failed',
  'coap.handler_failed',
  // device
  'agent.started',
  'agent.failed',
  'agent.clock',
  'agent.report-failed',
  'obd.connected',
  'obd.failed',
  'gps.connected',
  'gps.failed',
  'gps.line-unreadable',
  'outbox.opened',
  'outbox.failed',
  'outbox.gap',
  'uplink.silent',
  'uplink.rejected',
  'uplink.unregistered',
  'uplink.failed',
  'registration.done',
  'registration.failed',
  // vmd
  'vmd.commit.failed',
  'vmd.slot.changed',
  'vmd.hello.failed',
  'vmd.hello.accepted',
  'vmd.drained',
  'vmd.live.failed',
  // store
  // md-manager
  // sdn-app
  // analytics
  'analytics.store-away',
  'analytics.manager-away',
  'analytics.manager-here',
  'analytics.event-unreadable',
  // lab
  'replicator.link-changed',
  'replicator.step-failed',
] as const;
