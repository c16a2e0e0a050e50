import type { LinkQuality } from './spec.js';

/** A network as namespaces, bridges and wires, and how they are called. Device names: at most 15 characters, the kernel's limit. */

/** The namespace of bridges and relays between places. */
export const WIRE = 'wire';
export const switchPlace = (datapath: number): string => `sw-${datapath}`;
/** The device of a switch port; cars and routers call their device at an access point the same. */
export const portDevice = (datapath: number, port: number): string => `s${datapath}p${port}`;

export interface End {
  readonly place: string;
  readonly device: string;
  /** Bridge that it is a port of. */
  readonly bridge?: string;
  readonly mac?: string;
}

/** Two devices, frames in at one come out at the other. */
export interface Wire {
  /** Of a link that can be cut; those with a quality can be changed, too. */
  readonly link?: string;
  readonly from: End;
  readonly to: End;
  readonly quality?: LinkQuality;
  /** Frames carry this tag at `to` and none at `from`. */
  readonly vlan?: number;
}

/** Where a car or router can be: an access point, or behind a router. */
export interface Attachment {
  readonly name: string;
  readonly device: string;
  readonly behind?: { readonly gateway: string; readonly network: string; readonly source: string };
}

/** A car or a mobile router: the same MAC and IP address on a device for each attachment, one of which has its routes. */
export interface Mobile {
  readonly name: string;
  readonly kind: 'car' | 'router';
  readonly mac: string;
  /** More than one in a fleet. */
  readonly addresses: readonly string[];
  readonly at: string;
  readonly attachments: readonly Attachment[];
  /** Of a router: its address on the side of the cars. */
  readonly lan?: string;
}

/** A vMD host or a service: stands still. */
export interface Station {
  readonly name: string;
  readonly kind: 'host' | 'service';
  readonly mac: string;
  readonly address: string;
  readonly controlAddress: string;
  readonly domain?: string;
}

export interface SwitchPlan {
  readonly datapath: number;
  readonly place: string;
  readonly controlAddress: string;
  readonly ports: readonly { readonly port: number; readonly device: string }[];
}

export interface Plan {
  readonly places: readonly string[];
  readonly bridges: readonly { readonly place: string; readonly device: string }[];
  readonly wires: readonly Wire[];
  readonly mobiles: readonly Mobile[];
  readonly stations: readonly Station[];
  readonly switches: readonly SwitchPlan[];
}

export const CONTROL_DEVICE = 'ctl';
export const STATION_DEVICE = 'data';
export const LAN_BRIDGE = 'lan';
