import assert from 'node:assert/strict';
import { labMissing } from '../../../lab/netns/namespaces.js';
import { Site, type SiteOptions } from '../../../lab/site/site.js';
import { carPlace } from '../../../lab/site/layout.js';
import type { OpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';
import type { Outcome } from '../../../lab/demo/finish.js';
import { SystemUnderTest } from '../../journeys/harness.js';

/** Skips a suite, and says so, where network namespaces or Open vSwitch are not to be had. */
export function needsSite(this: Mocha.Context): void {
  const missing = labMissing();
  if (missing === undefined) return;
  console.log(`      (skipped: ${missing})`);
  this.skip();
}

/** A site under test: Open vSwitch and Ryu, cars in namespaces, real UDP sockets. */
export class SiteJourney extends SystemUnderTest<Site> {
  /** Opens a site and waits until every car's twin has acknowledged a report. */
  static async open(options: SiteOptions = {}): Promise<SiteJourney> {
    return new SiteJourney(await Site.open(options)).served();
  }

  get openVSwitch(): OpenVSwitch {
    const [first] = this.system.switches;
    assert.ok(first);
    return first;
  }

  /** What the car sends from now on goes by this access point. */
  override move(index: number, accessPoint: string): Promise<void> {
    return this.system.network.moveTo(carPlace(index), accessPoint);
  }

  /** Gives the car another source address; its MAC address stays. */
  readdress(index: number, address: string): Promise<void> {
    return this.system.network.setAddress(carPlace(index), address);
  }

  /** As in every journey, and no datagram came to a receiver with a wrong checksum. */
  override async endsClean(): Promise<Outcome> {
    const outcome = await super.endsClean();
    assert.deepEqual(await this.system.network.checksumErrors(), {});
    return outcome;
  }
}
