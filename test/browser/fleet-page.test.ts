import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { buildPage } from '../../analytics/web/build.js';
import { Resources } from '../../common/lifecycle.js';
import { startAnalytics, type AnalyticsUnderTest } from '../fakes/analytics-under-test.js';
import { FakeManager, handoverOf } from '../fakes/fake-manager.js';
import { recordedDrive, reportOf, rowOf } from '../fakes/recorded-reports.js';
import { recordedFleet, type RecordedFleet } from '../fakes/recorded-fleet.js';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--headless', '--disable-gpu', '--disable-background-networking'].concat([
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]);
const PAST_S = 400;
const VIEWS = [
  { name: 'dark', colorScheme: 'dark', viewport: { width: 1440, height: 900 } },
  { name: 'light', colorScheme: 'light', viewport: { width: 1440, height: 900 } },
  { name: 'phone', colorScheme: 'dark', viewport: { width: 390, height: 844 } },
] as const;

describe('the fleet page in a browser', function () {
  this.timeout(60_000);
  const drive = recordedDrive('drive-06.csv');
  const resources = new Resources();
  let browser: Browser;
  let manager: FakeManager;
  let fleet: RecordedFleet;
  let analytics: AnalyticsUnderTest;
  let shots: string;
  let foreign: string[];
  let complaints: string[];

  before(async function () {
    if (!existsSync(CHROMIUM) || drive === undefined) {
      process.stdout.write(`    skipped: ${drive === undefined ? 'no recorded drive' : `no ${CHROMIUM}`}\n`);
      this.skip();
    }
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-page-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    // Screenshots outlive the test only where a folder for them is named.
    shots = process.env['SCREENSHOTS'] ?? folder;
    await buildPage(join(folder, 'public'));
    manager = resources.use(await FakeManager.open());
    fleet = recordedFleet(drive, 5, 25);
    analytics = resources.use(
      await startAnalytics({
        managerUrl: manager.url,
        topology: fleet.topology,
        page: join(folder, 'public'),
        seed: store => fleet.seed(store, manager, Date.now(), PAST_S),
      }),
    );
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    resources.defer(() => browser.close());
  });
  after(() => resources[Symbol.asyncDispose]());

  /** A page that notes every complaint, and every request to anybody but analytics. */
  async function open(view: (typeof VIEWS)[number], hash = ''): Promise<Page> {
    foreign = [];
    complaints = [];
    const page = await browser.newPage({ colorScheme: view.colorScheme, viewport: view.viewport });
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    page.on('request', request => {
      if (!request.url().startsWith(analytics.url) && !request.url().startsWith('data:')) foreign.push(request.url());
    });
    await page.goto(`${analytics.url}/${hash}`);
    return page;
  }

  for (const view of VIEWS)
    it(`shows cars, signals, charts and hand-overs, ${view.name}`, async () => {
      const page = await open(view);
      await page.locator('.car-mark.selected').waitFor();
      assert.equal(await page.locator('.car-mark').count(), 5);
      assert.equal(await page.locator('.car-row').count(), 5);
      assert.equal(await page.locator('.tile').count(), 13);
      await page.locator('[data-signal="Vehicle.OBD.Speed"] .tile-value', { hasText: /\d/ }).waitFor();
      await page.locator('tr[data-handover="h-1-2"]').waitFor();
      await page.locator('.chart canvas').first().waitFor();
      const painted = await page
        .locator('.chart canvas')
        .first()
        .evaluate(canvas => {
          const { width, height } = canvas as unknown as { width: number; height: number };
          const context = (
            canvas as unknown as { getContext(kind: '2d'): { getImageData(...box: number[]): { data: number[] } } }
          ).getContext('2d');
          return context.getImageData(0, 0, width, height).data.some(byte => byte > 0);
        });
      assert.ok(painted);
      await page.screenshot({ path: join(shots, `fleet-page-${view.name}.png`), fullPage: view.name === 'phone' });
      assert.ok(
        await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
        'the page is not wider than its window',
      );
      assert.deepEqual({ complaints, foreign }, { complaints: [], foreign: [] });
      await page.close();
    });

  it('shows a new value, a hand-over and the counts as they come', async () => {
    const page = await open(VIEWS[0], '#car-2');
    await page.locator('.car-head h2', { hasText: 'car-2' }).waitFor();
    const [second] = drive ?? [];
    assert.ok(second !== undefined);
    await analytics.store.append([rowOf(reportOf('car-2', { ...second, speedKmh: 123 }, 9_999, Date.now()))]);
    await page.locator('[data-signal="Vehicle.OBD.Speed"] .tile-value', { hasText: '123' }).waitFor();
    const id = 'h-live';
    manager.tell(
      handoverOf({ id, vehicle: 'car-2', startedAtMs: Date.now(), result: 'failed', reason: 'unconfirmed' }),
    );
    await page.locator(`tr[data-handover="${id}"] .result-failed`, { hasText: 'unconfirmed' }).waitFor();
    // The seqs up to 9,999 are missing: on their way, and not lost.
    await page.locator('[data-count="Reports on their way"] dd', { hasText: /[1-9]/ }).waitFor();
    assert.equal(await page.locator('[data-count="Reports lost"] dd').textContent(), '0');
    await page.close();
  });

  it('is used by keyboard alone', async () => {
    const page = await open(VIEWS[0], '#car-1');
    await page.locator('#row-car-1[aria-selected="true"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.locator('.car-head h2', { hasText: 'car-2' }).waitFor();
    const tile = page.locator('[data-signal="Vehicle.OBD.EngineLoad"]');
    await tile.focus();
    await page.keyboard.press('Enter');
    await page.locator('.chart figcaption', { hasText: 'engine load' }).waitFor();
    assert.equal(await tile.getAttribute('aria-pressed'), 'true');
    // Leaflet's marks are buttons of their own.
    await page.locator('.car-mark[title="car-4"]').focus();
    await page.keyboard.press('Enter');
    await page.locator('.car-head h2', { hasText: 'car-4' }).waitFor();
    await page.close();
  });

  it('is used on a phone: a car is picked by touch, and the times of hand-overs are in view', async () => {
    const page = await open(VIEWS[2]);
    await page.locator('#row-car-3').click();
    await page.locator('.car-head h2', { hasText: 'car-3' }).waitFor();
    const time = page.locator('tr[data-handover] .bar b').first();
    await time.scrollIntoViewIfNeeded();
    const box = await time.boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= VIEWS[2].viewport.width, JSON.stringify(box));
    assert.match((await time.textContent()) ?? '', /\d/);
    assert.equal(await page.locator('.tiles .tile').count(), 13);
    assert.deepEqual({ complaints, foreign }, { complaints: [], foreign: [] });
    await page.close();
  });

  it('gives the map its place: roads where cars drove, degrees at the edges, names that do not collide', async () => {
    const page = await open(VIEWS[0]);
    await page.locator('.car-mark.selected').waitFor();
    await page.locator('.graticule .lat', { hasText: /° N$/ }).first().waitFor();
    await page
      .locator('.graticule .lon', { hasText: /° [EW]$/ })
      .first()
      .waitFor();
    const boxes = await page.locator('.car-mark b:visible').evaluateAll(names =>
      names.map(name => {
        const { left, right, top, bottom } = (
          name as unknown as { getBoundingClientRect(): Record<'left' | 'right' | 'top' | 'bottom', number> }
        ).getBoundingClientRect();
        return { left, right, top, bottom };
      }),
    );
    assert.ok(boxes.length > 0);
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1))
        assert.ok(
          a.left >= b.right - 2 || a.right <= b.left + 2 || a.top >= b.bottom - 2 || a.bottom <= b.top + 2,
          JSON.stringify([a, b]),
        );
    await page.close();
  });

  it('says that the manager is away, and goes on showing what it knows', async () => {
    const page = await open(VIEWS[0]);
    await page.locator('.car-mark.selected').waitFor();
    await manager[Symbol.asyncDispose]();
    await page.locator('.notices', { hasText: 'MD manager is away' }).waitFor();
    assert.equal(await page.locator('.car-row').count(), 5);
    await page.close();
  });
});
