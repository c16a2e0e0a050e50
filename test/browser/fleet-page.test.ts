import assert from 'node:assert/strict';
import { join } from 'node:path';
import { handoverOf } from '../fakes/fake-manager.js';
import { recordedFleet } from '../fakes/recorded-fleet.js';
import { reportOf, rowOf } from '../fakes/recorded-reports.js';
import { PageScene, VIEWS, neededDrive } from './page-scene.js';

const PAST_S = 400;

describe('the fleet page in a browser', function () {
  this.timeout(60_000);
  const drive = neededDrive();
  let scene: PageScene;

  before(async () => {
    const fleet = recordedFleet(drive, 5, 25);
    scene = await PageScene.open(fleet.topology, (store, manager, nowMs) => fleet.seed(store, manager, nowMs, PAST_S));
  });
  after(() => scene?.[Symbol.asyncDispose]());

  for (const view of VIEWS)
    it(`shows cars, signals, charts and hand-overs, ${view.name}`, async () => {
      const page = await scene.page(view);
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
      await page.screenshot({
        path: join(scene.shots, `fleet-page-${view.name}.png`),
        fullPage: view.name === 'phone',
      });
      assert.ok(
        await page.evaluate('document.documentElement.scrollWidth <= innerWidth'),
        'the page is not wider than its window',
      );
      assert.deepEqual([scene.complaints, scene.foreign], [[], []]);
      await page.close();
    });

  it('shows a new value, a hand-over and the counts as they come', async () => {
    const page = await scene.page(VIEWS[0], '#car-2');
    await page.locator('.car-head h2', { hasText: 'car-2' }).waitFor();
    const [second] = drive;
    assert.ok(second !== undefined);
    await scene.analytics.store.append([rowOf(reportOf('car-2', { ...second, speedKmh: 123 }, 9_999, Date.now()))]);
    await page.locator('[data-signal="Vehicle.OBD.Speed"] .tile-value', { hasText: '123' }).waitFor();
    const id = 'h-live';
    scene.manager.tell(
      handoverOf({ id, vehicle: 'car-2', startedAtMs: Date.now(), result: 'failed', reason: 'unconfirmed' }),
    );
    await page.locator(`tr[data-handover="${id}"] .result-failed`, { hasText: 'unconfirmed' }).waitFor();
    // The seqs up to 9,999 are missing: on their way, and not lost.
    await page.locator('[data-count="Reports on their way"] dd', { hasText: /[1-9]/ }).waitFor();
    assert.equal(await page.locator('[data-count="Reports lost"] dd').textContent(), '0');
    await page.close();
  });

  it('is used by keyboard alone', async () => {
    const page = await scene.page(VIEWS[0], '#car-1');
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
    const page = await scene.page(VIEWS[2]);
    await page.locator('#row-car-3').click();
    await page.locator('.car-head h2', { hasText: 'car-3' }).waitFor();
    const time = page.locator('tr[data-handover] .bar b').first();
    await time.scrollIntoViewIfNeeded();
    const box = await time.boundingBox();
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= VIEWS[2].viewport.width, JSON.stringify(box));
    assert.match((await time.textContent()) ?? '', /\d/);
    assert.equal(await page.locator('.tiles .tile').count(), 13);
    assert.deepEqual([scene.complaints, scene.foreign], [[], []]);
    await page.close();
  });

  it('gives the map its place: roads where cars drove, degrees at the edges, names that do not collide', async () => {
    const page = await scene.page(VIEWS[0]);
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
    const page = await scene.page(VIEWS[0]);
    await page.locator('.car-mark.selected').waitFor();
    await scene.manager[Symbol.asyncDispose]();
    await page.locator('.notices', { hasText: 'MD manager is away' }).waitFor();
    assert.equal(await page.locator('.car-row').count(), 5);
    await page.close();
  });
});
