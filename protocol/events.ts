/** Every event that a log line may carry; `test/unit/protocol/events.test.ts` holds the sources against it. */
export const EVENTS = [
  'service.started',
  'service.stopping',
  'http.failed',
  // device
  // vmd
  // store
  // md-manager
  // sdn-app
  // analytics
  // lab
] as const;
