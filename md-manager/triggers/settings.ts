import { integer, listOf, text, url, type ConfigOf, type Parse, type Settings } from '../../common/config.js';
import type { Snssai } from '../../protocol/triggers/smf.js';

/** `1` or `1-010203`. */
const snssai: Parse<Snssai> = value => {
  const [, sst, sd] = /^(\d{1,3})(?:-([0-9a-fA-F]{6}))?$/.exec(value) ?? [];
  if (sst === undefined || Number(sst) > 255) throw new Error('SST or SST-SD (0 to 255, six hexadecimal digits)');
  return { sst: Number(sst), ...(sd === undefined ? {} : { sd }) };
};

const farEnd = url('http:', 'https:');

/** Core networks and MEC platforms that tell where vehicles go: where they are asked, and for what. */
export const TRIGGER_SETTINGS = {
  'triggers.names': {
    parse: text,
    optional: true,
    help: 'FILE (YAML) with the names that core networks and MEC platforms have for vehicles, domains and access points; without it none of theirs are known',
  },
  'triggers.callback': {
    parse: url('http:', 'https:'),
    optional: true,
    help: 'URL by which core networks and MEC platforms reach this manager; else hosts.manager, else `listen`',
  },
  'triggers.caFile': {
    parse: text,
    optional: true,
    help: 'PEM file with the authorities that are believed of them; else the system’s',
  },
  'triggers.lifeS': {
    parse: integer(10, 86_400),
    default: '600',
    help: 'how long subscriptions there are to hold; renewed in time',
  },
  'triggers.ackOrigins': {
    parse: listOf(farEnd),
    default: '',
    help: 'origins beside those of triggers.smf.url and triggers.nef.url that acknowledgements may be sent to',
  },
  'triggers.dnn': { parse: text, optional: true, help: 'data network of the vehicles in the core network' },
  'triggers.snssai': { parse: snssai, optional: true, help: 'slice of the vehicles there: SST or SST-SD' },
  'triggers.smf.url': {
    parse: farEnd,
    optional: true,
    help: 'base URL of the session management function (3GPP TS 29.508), above /nsmf-event-exposure: subscribed to',
  },
  'triggers.smf.tokenFile': {
    parse: text,
    optional: true,
    help: 'file with the bearer token for it; read at each call',
  },
  'triggers.nef.url': {
    parse: farEnd,
    optional: true,
    help: 'base URL of the network exposure function (3GPP TS 29.522), above /3gpp-traffic-influence: subscribed to',
  },
  'triggers.nef.tokenFile': {
    parse: text,
    optional: true,
    help: 'file with the bearer token for it; read at each call',
  },
  'triggers.nef.afId': { parse: text, default: 'edgetwin', help: 'our name there' },
  'triggers.nef.afAppId': { parse: text, default: 'edgetwin', help: 'name of our application there' },
  'triggers.mecLocation.url': {
    parse: farEnd,
    optional: true,
    help: 'base URL of a location service (ETSI MEC 013), …/location/v2: subscribed to',
  },
  'triggers.mecLocation.tokenFile': {
    parse: text,
    optional: true,
    help: 'file with the bearer token for it; read at each call',
  },
  'triggers.mecLocation.zones': {
    parse: listOf(text),
    default: '',
    help: 'zones there; else those that bear the names of our domains',
  },
  'triggers.mecMobility.url': {
    parse: farEnd,
    optional: true,
    help: 'base URL of an application mobility service (ETSI MEC 021), …/amsi/v1: subscribed to',
  },
  'triggers.mecMobility.tokenFile': {
    parse: text,
    optional: true,
    help: 'file with the bearer token for it; read at each call',
  },
  'triggers.mecMobility.appInstanceId': {
    parse: text,
    optional: true,
    help: 'our application there: registered with the devices that triggers.names has for it, and subscribed for; else all that it tells',
  },
} as const satisfies Settings;

export type TriggerConfig = ConfigOf<typeof TRIGGER_SETTINGS>;
