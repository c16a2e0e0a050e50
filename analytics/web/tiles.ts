import { fault } from '../../protocol/errors.js';

/** A tile service that is shown under the fleet: `https://tiles.example.org/{z}/{x}/{y}.png`, and whom to thank for it. */
export interface Tiles {
  readonly url: string;
  readonly attribution: string;
}

const SHAPE = /^https?:\/\/[^/{}?#]+\/\S*\{z\}\S*$/;

/**
 * The tiles that settings name; `undefined` where they name none: then the page asks nobody but its own server.
 * CONFIG_INVALID for an address without {z}, {x} and {y}, and for tiles without an attribution.
 */
export function tilesOf(address: string | undefined, attribution: string | undefined): Tiles | undefined {
  if (address === undefined) return undefined;
  if (!SHAPE.test(address) || !address.includes('{x}') || !address.includes('{y}'))
    throw fault('CONFIG_INVALID', `page.tiles: ${address} is not http(s)://host/…{z}…{x}…{y}`);
  if (attribution === undefined)
    throw fault('CONFIG_INVALID', 'page.tilesAttribution is required with page.tiles: tile services ask for it');
  return { url: address, attribution };
}

/** Where a browser may get tiles from, as a source of a content security policy. */
export const originOf = ({ url }: Tiles): string => new URL(url.replaceAll(/[{}]/g, '')).origin;
