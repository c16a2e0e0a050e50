import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { buildPage } from '../../analytics/web/build.js';
import { Resources } from '../../common/lifecycle.js';
import type { Topology } from '../../protocol/topology.js';
import type { TwinStore } from '../../store/types.js';
import { startAnalytics, type AnalyticsUnderTest } from '../fakes/analytics-under-test.js';
import { FakeManager } from '../fakes/fake-manager.js';
import { recordedDrive, type DriveSecond } from '../fakes/recorded-reports.js';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--headless', '--disable-gpu', '--disable-background-networking'].concat([
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]);

export const VIEWS = [
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'phone', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;
export type View = (typeof VIEWS)[number];

/** Why no page can be looked at here, or `undefined`. */
export const browserMissing = (): string | undefined => (existsSync(CHROMIUM) ? undefined : `no ${CHROMIUM}`);

/** The drive that cars of a scene repeat; the suite is skipped, with a message, where it or the browser is missing. */
export function neededDrive(): readonly DriveSecond[] {
  const drive = recordedDrive('drive-06.csv');
  before(function () {
    const missing = browserMissing() ?? (drive === undefined ? 'no recorded drive' : undefined);
    if (missing === undefined) return;
    process.stdout.write(`    skipped: ${missing}\n`);
    this.skip();
  });
  return drive ?? [];
}

/** Analytics with its page and a browser that looks at it. */
export class PageScene implements AsyncDisposable {
  readonly analytics: AnalyticsUnderTest;
  readonly manager: FakeManager;
  /** Screenshots outlive the scene only where a folder for them is named. */
  readonly shots: string;
  /** Of the page opened last: what it complained of, and whom else it asked. */
  complaints: string[] = [];
  foreign: string[] = [];
  readonly #browser: Browser;
  readonly #resources: Resources;

  private constructor(
    resources: Resources,
    parts: { analytics: AnalyticsUnderTest; manager: FakeManager; browser: Browser; shots: string },
  ) {
    this.#resources = resources;
    this.#browser = parts.browser;
    this.analytics = parts.analytics;
    this.manager = parts.manager;
    this.shots = parts.shots;
  }

  static async open(
    topology: Topology,
    seed: (store: TwinStore, manager: FakeManager, nowMs: number) => Promise<void>,
  ): Promise<PageScene> {
    const resources = new Resources();
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-page-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    await buildPage(join(folder, 'public'));
    const manager = resources.use(await FakeManager.open());
    const analytics = resources.use(
      await startAnalytics({
        managerUrl: manager.url,
        topology,
        page: join(folder, 'public'),
        seed: store => seed(store, manager, Date.now()),
      }),
    );
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    resources.defer(() => browser.close());
    return new PageScene(resources, { analytics, manager, browser, shots: process.env['SCREENSHOTS'] ?? folder });
  }

  async page(view: View = VIEWS[0], hash = ''): Promise<Page> {
    this.foreign = [];
    this.complaints = [];
    const { complaints, foreign } = this;
    const page = await this.#browser.newPage({ colorScheme: view.colorScheme, viewport: view.viewport });
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    page.on('request', request => {
      if (!request.url().startsWith(this.analytics.url) && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    await page.goto(`${this.analytics.url}/${hash}`);
    return page;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }
}
