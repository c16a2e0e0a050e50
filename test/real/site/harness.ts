import assert from 'node:assert/strict';
import { join } from 'node:path';
import { EdgetwinError } from '../../../common/errors.js';
import { packageRoot } from '../../../common/package-root.js';
import { labMissing } from '../../../lab/netns/namespaces.js';
import { Site, type SiteOptions } from '../../../lab/site/site.js';
import { CORE, carPlace } from '../../../lab/site/layout.js';
import { sdnNames, sdnPort } from '../../../lab/site/parts.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { standingAnswer, vehicleFlows, type StandingAnswer, type VehicleFlows } from '../../../protocol/api/sdn-app.js';
import { hostHealth, type HostHealth } from '../../../protocol/api/vmd.js';
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

  /** Opens a site; nobody has to be served yet. */
  static async opened(options: SiteOptions = {}): Promise<SiteJourney> {
    return new SiteJourney(await Site.open(options));
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

  /** What sdn-app says of a car, with counters; undefined while it is away or does not know the car. */
  async flows(index: number): Promise<VehicleFlows | undefined> {
    const path = `/v1/vehicles/${this.system.vehicles[index]?.vehicle}?counters=true`;
    await using sdn = new HttpClient(this.system.urls.sdn, { connections: 1 });
    try {
      return await sdn.call('GET', path, { answer: vehicleFlows });
    } catch (error) {
      if (error instanceof EdgetwinError) return undefined;
      throw error;
    }
  }

  /** Moves of a car into another domain, newest first. */
  async movesOf(index: number): Promise<HandoverRecord[]> {
    const name = this.system.vehicles[index]?.vehicle;
    return (await this.handovers()).filter(({ kind, vehicle }) => kind === 'move' && vehicle === name);
  }

  /** What a vMD host says of itself, asked as md-manager asks it. */
  async health(control: string): Promise<HostHealth> {
    return hostHealth.parse(await this.#said(`${control}/v1/health`));
  }

  /** What an sdn-app says of its lease and its switches; undefined while it is away. */
  async standing(name: string): Promise<StandingAnswer | undefined> {
    const port = sdnPort(sdnNames(this.system.plan).indexOf(name));
    return standingAnswer.safeParse(await this.#said(`http://127.0.0.1:${port}/v1/standing`)).data;
  }

  /** Asks a service from where it runs; nothing where nobody answers. */
  async #said(url: string): Promise<unknown> {
    const program = `fetch('${url}').then(answer => answer.text(), () => 'null').then(text => process.stdout.write(text))`;
    return JSON.parse(await this.system.network.run(CORE, [process.execPath, '-e', program]));
  }

  /** Reports of a car that a host has stored since its slot was prepared. */
  async storedBy(control: string, index: number): Promise<number> {
    const { slots } = await this.health(control);
    return slots.find(({ vehicle }) => vehicle === this.system.vehicles[index]?.vehicle)?.reports ?? 0;
  }

  /** Has the twin of a car ask it for its speed: `measured` where the car has answered, else what the twin says instead. */
  async asksTheCar(index: number): Promise<string> {
    const record = await this.vehicle(index);
    assert.ok(record?.host && record.acting?.host === record.host.host, 'its twin acts');
    const program = join(packageRoot(), 'dist/test/real/site/ask-twin.js');
    const words = [record.host.address, record.vehicle, 'Vehicle.OBD.Speed'];
    return this.system.network.run(CORE, [process.execPath, program, ...words]);
  }

  /** Kills a part by SIGKILL and keeps it down while `act` runs; resolves once it is ready again. */
  async without(name: string, act: () => Promise<void>): Promise<void> {
    const { supervisor } = this.system;
    const part = supervisor.state(name)?.part;
    assert.ok(part, `no part ${name}`);
    supervisor.kill(name, 'SIGKILL');
    await supervisor.stop(name);
    try {
      await act();
    } finally {
      await supervisor.start(part);
    }
  }

  /** As in every journey, and no datagram came to a receiver with a wrong checksum. */
  override async endsClean(): Promise<Outcome> {
    const outcome = await super.endsClean();
    assert.deepEqual(await this.system.network.checksumErrors(), {});
    return outcome;
  }
}
