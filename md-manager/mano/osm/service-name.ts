/** The name that a host's service bears at the orchestrator: `<deployment>-<domain>-<index>`. */
export function serviceNameOf(deployment: string, host: string): string {
  return `${deployment}-${host.replace('/', '-')}`;
}

/** The host whose service bears this name; of names that are none of this deployment's, nothing. */
export function hostNamedBy(deployment: string, name: string): string | undefined {
  if (!name.startsWith(`${deployment}-`)) return undefined;
  const rest = /^(.+)-(\d+)$/.exec(name.slice(deployment.length + 1));
  return rest === null ? undefined : `${rest[1]}/${rest[2]}`;
}
