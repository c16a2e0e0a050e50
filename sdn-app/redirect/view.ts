/** Where a device is: the port its frames enter by, and the address they come from. */
export interface Place {
  readonly datapath: number;
  readonly port: number;
  /** The address in canonical text, of either family. */
  readonly source: { readonly address: string; readonly port: number };
  /** The next hop at that port, as its frames said; absent where it is not known, or frames have none. */
  readonly mac?: number;
}

/** A vMD host as flows reach it. */
export interface HostEnd {
  readonly address: string;
  /** In canonical text; without one, nothing goes there over IPv6. */
  readonly address6?: string;
  readonly port: number;
  readonly domain: string;
}

/** A standby host that takes frames of a known source as soon as they enter its domain (DESIGN §6, `armed`). */
export interface Armed {
  /** Of the access ports. */
  readonly domain: string;
  readonly host: HostEnd;
  readonly lease?: string;
}

/** Everything that decides what flows a vehicle has. */
export interface VehicleView {
  readonly number: number;
  readonly host: HostEnd;
  /** Epoch of the redirect to `host`. */
  readonly epoch: number;
  /** Where prio 100 is; absent until the first frame. Its source is the known one. */
  readonly place?: Place;
  /** The second place of a dual-homed vehicle, with prio 100, too. */
  readonly also?: Place;
  /** Places just left: a switch without moves answers there, too, for the 50 ms after a move. */
  readonly left?: readonly Place[];
  /** At most one for a domain. */
  readonly armed: readonly Armed[];
  /** Unknown sources that are answered by the tag of their frames; of those at one port the last. */
  readonly returns: readonly Place[];
  /** Ports where somebody speaks as the vehicle who has not been confirmed: their copies are metered apart. */
  readonly doubted?: readonly Pick<Place, 'datapath' | 'port'>[];
  /** Hosts before `host` that are not drained yet, with the epoch of the redirect to them. */
  readonly leaving: readonly { readonly host: HostEnd; readonly epoch: number }[];
}

export const sameSource = (a: Place, b: Place): boolean =>
  a.source.address === b.source.address && a.source.port === b.source.port;
