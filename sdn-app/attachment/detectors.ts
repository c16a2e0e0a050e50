import { z } from 'zod';
import { fault } from '../../protocol/errors.js';
import { samePort, type Located, type State, type TagKind } from './state.js';

/**
 * What counts as a move (DESIGN §5): a table with a rule per row. The first row that fits a change decides what it is
 * called, how long it may remain unconfirmed, and who needs no proof of it. A change that fits no row is a doubt.
 */

/** Who may say that a new attachment is the vehicle's (DESIGN §5, "Proof before trust"; docs/decisions/trust.md). */
export type Trust = 'lab' | 'access' | 'proof';

const sameOrOther = z.enum(['same', 'other']);
/** A fact may be asked for by one value or by several. */
const oneOf = <T extends z.ZodType>(fact: T): z.ZodUnion<[T, z.ZodArray<T>]> => z.union([fact, z.array(fact)]);

const conditions = z.strictObject({
  /** The vehicle had no place before; of such a frame nothing can be compared. */
  first: z.boolean().optional(),
  /** Port and datapath together: port 3 of another switch is another port. */
  port: oneOf(sameOrOther).optional(),
  datapath: oneOf(sameOrOther).optional(),
  domain: oneOf(sameOrOther).optional(),
  /** Source address and source port of the datagram. */
  address: oneOf(sameOrOther).optional(),
  sourcePort: oneOf(sameOrOther).optional(),
  /** `unknown` where one of the two frames had no Ethernet header that the switch showed. */
  mac: oneOf(z.enum(['same', 'other', 'unknown'])).optional(),
  tag: oneOf(z.enum(['confirmed', 'unconfirmed'])).optional(),
  /** Of the port that the vehicle was at. */
  portState: oneOf(z.enum(['up', 'down'])).optional(),
  /** Whether the topology says of the new port that it authenticates its stations. */
  authenticated: z.boolean().optional(),
});

const detector = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,32}$/),
    layer: z.union([z.literal(2), z.literal(3)]),
    /** For so long the change may wait for a proof. */
    deadlineMs: z.int().min(1).max(60_000),
    /** Trust levels that need no proof of it; `access` moreover demands what {@link isTrusted} says. */
    confirmedBy: z.array(z.enum(['lab', 'access'])),
    when: conditions,
  })
  .refine(({ layer, confirmedBy }) => layer === 2 || !confirmedBy.includes('access'), {
    message: 'a port confirms layer 2 only: a row of layer 3 cannot be confirmedBy access',
  });
export type Detector = z.infer<typeof detector>;

const table = z.strictObject({
  rows: z.array(detector).max(100),
  /** Whether the built-in rows follow. */
  builtIn: z.boolean().default(true),
});

/** What differs between where a vehicle was and where its frame came from; absent where there is nothing to compare. */
export interface Change {
  readonly first: boolean;
  readonly authenticated: boolean;
  readonly tag: TagKind;
  readonly port?: 'same' | 'other';
  readonly datapath?: 'same' | 'other';
  readonly domain?: 'same' | 'other';
  readonly address?: 'same' | 'other';
  readonly sourcePort?: 'same' | 'other';
  readonly mac?: 'same' | 'other' | 'unknown';
  readonly portState?: 'up' | 'down';
}

const LAYER_2_MS = 1_000;
const LAYER_3_MS = 5_000;
const MOVED = { address: 'same', sourcePort: 'same' } as const;

/** The table without a file. */
export const DETECTORS: readonly Detector[] = [
  { name: 'first', layer: 3, deadlineMs: LAYER_3_MS, confirmedBy: ['lab'], when: { first: true } },
  {
    name: 'port-down',
    layer: 2,
    deadlineMs: LAYER_2_MS,
    confirmedBy: ['lab', 'access'],
    when: { port: 'other', portState: 'down', ...MOVED },
  },
  {
    name: 'datapath',
    layer: 2,
    deadlineMs: LAYER_2_MS,
    confirmedBy: ['lab', 'access'],
    when: { datapath: 'other', ...MOVED },
  },
  {
    name: 'port',
    layer: 2,
    deadlineMs: LAYER_2_MS,
    confirmedBy: ['lab', 'access'],
    when: { port: 'other', ...MOVED },
  },
  { name: 'station', layer: 2, deadlineMs: LAYER_2_MS, confirmedBy: ['lab'], when: { mac: 'other', ...MOVED } },
  {
    name: 'rebinding',
    layer: 3,
    deadlineMs: LAYER_3_MS,
    confirmedBy: ['lab'],
    when: { address: 'same', sourcePort: 'other' },
  },
  {
    name: 'router',
    layer: 3,
    deadlineMs: LAYER_3_MS,
    confirmedBy: ['lab'],
    when: { address: 'other', mac: 'other' },
  },
  { name: 'address', layer: 3, deadlineMs: LAYER_3_MS, confirmedBy: ['lab'], when: { address: 'other' } },
];

/** What a change is called that fits no row: nobody takes it without a proof. */
const UNMATCHED: Detector = { name: 'unmatched', layer: 3, deadlineMs: LAYER_3_MS, confirmedBy: [], when: {} };

/** Reads a table as parsed from YAML; CONFIG_INVALID names every fault in it at once. */
export function parseDetectors(tree: unknown): readonly Detector[] {
  const found = table.safeParse(tree);
  if (!found.success) throw fault('CONFIG_INVALID', z.prettifyError(found.error).replaceAll('\n', ' '));
  return found.data.builtIn ? [...found.data.rows, ...DETECTORS] : found.data.rows;
}

export function changeOf(state: State, to: Located, tag: TagKind, authenticated: boolean): Change {
  if (state.at === 'waiting') return { first: true, authenticated, tag };
  const { here, down } = state;
  const differs = (same: boolean): 'same' | 'other' => (same ? 'same' : 'other');
  const a = here.place;
  const b = to.place;
  return {
    first: false,
    authenticated,
    tag,
    port: differs(samePort(a, b)),
    datapath: differs(a.datapath === b.datapath),
    domain: differs(here.domain === to.domain),
    address: differs(a.source.address === b.source.address),
    sourcePort: differs(a.source.port === b.source.port),
    mac: a.mac === undefined || b.mac === undefined ? 'unknown' : differs(a.mac === b.mac),
    portState: down === true ? 'down' : 'up',
  };
}

export function detectorOf(detectors: readonly Detector[], change: Change): Detector {
  return detectors.find(({ when }) => fits(when, change)) ?? UNMATCHED;
}

function fits(when: Detector['when'], change: Change): boolean {
  return Object.entries(when).every(([name, wanted]) => {
    const fact = change[name as keyof Change];
    return wanted === undefined || (Array.isArray(wanted) ? wanted.some(value => value === fact) : wanted === fact);
  });
}

/**
 * Whether a change needs no proof. What a port vouches for is its station, so in `access` it has to authenticate its
 * stations, and the frame has to come from the vehicle's own MAC address and source, whatever the row says.
 */
export function isTrusted(trust: Trust, { confirmedBy }: Detector, change: Change): boolean {
  const { authenticated, mac, address, sourcePort } = change;
  if (trust === 'proof' || !confirmedBy.includes(trust)) return false;
  return trust === 'lab' || (authenticated && mac === 'same' && address === 'same' && sourcePort === 'same');
}
