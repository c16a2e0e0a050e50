import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from '../fakes/eventually.js';
import { handoverOf } from '../fakes/fake-manager.js';
import { recordedFleet } from '../fakes/recorded-fleet.js';
import { SpreadFleet } from '../fakes/spread-fleet.js';
import { PageScene, VIEWS, neededDrive } from './page-scene.js';

const PAST_S = 400;
const CARS = 4;

const textOf = async (page: Page, selector: string): Promise<string> =>
  ((await page.locator(selector).first().textContent()) ?? '').trim();

describe('what an operator does with the fleet page', function () {
  this.timeout(60_000);
  let scene: PageScene;
  let movedAtMs = 0;
  const drive = neededDrive();
  before(async () => {
    const fleet = recordedFleet(drive, CARS, 25);
    scene = await PageScene.open(fleet.topology, async (store, manager, nowMs) => {
      await fleet.seed(store, manager, nowMs, PAST_S);
      movedAtMs = nowMs - 60_000;
      // Its reports are one second apart; before this one there are none.
      const tooEarly = handoverOf({ id: 'h-early', vehicle: 'car-2', startedAtMs: nowMs - 900_000 });
      manager.handovers.unshift(handoverOf({ id: 'h-told', vehicle: 'car-2', startedAtMs: movedAtMs }));
      manager.handovers.push(tooEarly);
    });
  });
  after(() => scene?.[Symbol.asyncDispose]());
  const complainsOfNothing = (): void => assert.deepEqual([scene.complaints, scene.foreign], [[], []]);

  it('reads how a hand-over went, by keyboard alone, and that the car noticed nothing', async () => {
    const page = await scene.page();
    await page.locator('tr[data-handover="h-told"] button').focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog.story .story-gap', { hasText: 'noticed nothing: 1000 ms' }).waitFor();
    assert.deepEqual(await page.locator('.lane .lane-name').allTextContents(), [
      ...['radio', 'switch', 'manager', 'old twin', 'new twin', 'ms'],
    ]);
    const swapped = page.locator('.lane', { hasText: 'new twin' }).locator('.span-state', { hasText: 'acts' });
    assert.match((await swapped.getAttribute('title')) ?? '', /^acts: [\d.]+ – /);
    await page.keyboard.press('Escape');
    await page.locator('dialog.story').waitFor({ state: 'detached' });
    await page.locator('tr[data-handover="h-early"] button').click();
    await page.locator('.story-gap', { hasText: 'no reports of the car' }).waitFor();
    complainsOfNothing();
    await page.close();
  });

  it('replays a hand-over on the map: each car where it was, with the values of then, and comes back to now', async () => {
    const page = await scene.page();
    await page.locator('tr[data-handover="h-told"] button').click();
    await page.locator('.story footer button').click();
    const slider = page.locator('.time-bar input');
    await slider.waitFor();
    // The cars have been on the road for minutes, not for an hour: the bar is as long as that.
    await eventually('it begins with the first report', async () => {
      const [min, max] = [await slider.getAttribute('min'), await slider.getAttribute('max')].map(Number);
      return (max ?? 0) - (min ?? 0) < (PAST_S + 60) * 1_000 && (max ?? 0) - (min ?? 0) >= (PAST_S - 60) * 1_000;
    });
    // Of the moments around the hand-over one is known from the recording.
    await page.locator('.car-head h2', { hasText: 'car-2' }).waitFor();
    /** The bar has steps of a second: gives the moment that it went to. */
    const seek = (ms: number): Promise<number> =>
      slider.evaluate((input, value) => {
        const field = input as unknown as { value: string; dispatchEvent(event: Event): void };
        field.value = String(value);
        field.dispatchEvent(new Event('input', { bubbles: true }));
        return Number(field.value);
      }, ms);
    const seenThen = new Set<string>();
    for (const backS of [60, 200, 330]) {
      const ms = await seek(movedAtMs + 60_000 - backS * 1_000);
      const answer = await fetch(
        `${scene.analytics.url}/v1/vehicles/car-2/history?signals=Vehicle.OBD.Speed&from=${Math.floor(ms) - 5_000}&to=${Math.ceil(ms)}&limit=100`,
      );
      const { series } = (await answer.json()) as { series: { points: [number, number | null][] }[] };
      const last = series[0]?.points.findLast(([time, value]) => value !== null && time <= ms)?.[1];
      const seen = page.locator('[data-signal="Vehicle.OBD.Speed"] .tile-value', { hasText: `${last}` });
      await seen.waitFor();
      seenThen.add(String(last));
    }
    assert.ok(seenThen.size > 1, 'the car did not always drive as fast');
    await page.locator('.time-bar button[aria-label="play"]').click();
    const begunMs = Number(await slider.inputValue());
    await eventually('it goes on', async () => Number(await slider.inputValue()) > begunMs + 2_000);
    await page.locator('.time-mode').click();
    await page.locator('.time-bar').waitFor({ state: 'detached' });
    complainsOfNothing();
    await page.close();
  });

  it('compares two cars, and takes the past of one home as a file', async () => {
    const page = await scene.page(VIEWS[0], '#car-1');
    await page.locator('.car-tools select').selectOption('car-3');
    await page.locator('.chart figcaption .other', { hasText: 'car-3' }).first().waitFor();
    await page.locator('[data-signal="Vehicle.OBD.Speed"] .tile-other', { hasText: /\d/ }).waitFor();
    const cut = `[...document.querySelectorAll('.tile span:not(.hidden)')]
      .filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth)
      .map(({ textContent }) => textContent)`;
    assert.deepEqual(await page.evaluate(cut), [], 'words of the tiles are cut off');
    await page.locator('.export summary').click();
    const taken = async (form: string): Promise<string> => {
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.locator('.export tr', { hasText: form }).locator('a', { hasText: 'last hour' }).click(),
      ]);
      assert.match(file.suggestedFilename(), new RegExp(`^car-1-\\d{4}-\\d\\d-\\d\\d\\.${form.toLowerCase()}$`));
      const path = join(scene.shots, file.suggestedFilename());
      await file.saveAs(path);
      return readFile(path, 'utf8');
    };
    const [head = '', ...lines] = (await taken('CSV')).trim().split(/\r?\n/);
    assert.match(head, /Speed/);
    assert.ok(lines.length >= PAST_S - 1, String(lines.length));
    assert.ok(JSON.stringify(JSON.parse(await taken('GeoJSON'))).includes('LineString'));
    assert.match(await taken('GPX'), /<trkpt /);
    complainsOfNothing();
    await page.close();
  });

  it('replays on a phone without a page that is wider than it', async () => {
    const page = await scene.page(VIEWS[2]);
    await page.locator('.map-tools button', { hasText: 'replay' }).click();
    await page.locator('.time-bar .segments button', { hasText: '60×' }).click();
    const box = await page.locator('.time-bar .time-mode').boundingBox();
    assert.ok(box !== null && box.x + box.width <= VIEWS[2].viewport.width, JSON.stringify(box));
    assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
    await page.close();
  });
});

describe('the fleet page with a thousand cars', function () {
  this.timeout(60_000);
  const MANY = 1_000;
  let scene: PageScene;
  const drive = neededDrive();
  before(async () => {
    const fleet = new SpreadFleet(drive, MANY);
    scene = await PageScene.open(recordedFleet(drive, 1, 1).topology, (store, manager, nowMs) =>
      fleet.seed(store, manager, nowMs, 5),
    );
  });
  after(() => scene?.[Symbol.asyncDispose]());

  it('finds one by its name, by keyboard alone, and shows all again', async () => {
    const page = await scene.page();
    await page.locator('.cars h2', { hasText: String(MANY) }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('car-777 edge-1');
    await page.locator('.cars h2', { hasText: `1 of ${MANY}` }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.car-head h2', { hasText: 'car-777' }).waitFor();
    await page.locator('.car-search input').focus();
    await page.keyboard.press('Escape');
    await page.locator('#row-car-777[aria-selected="true"]').waitFor();
    assert.equal(await page.locator('#row-car-777').getAttribute('aria-posinset'), '777');
    await page.locator('#row-car-777').focus();
    await page.keyboard.press('End');
    await page.locator('.car-head h2', { hasText: `car-${MANY}` }).waitFor();
    await page.locator('.car-search input').fill('car-1001');
    await page.locator('.cars .empty', { hasText: 'No car is like that' }).waitFor();
    await page.close();
  });

  it('draws rows in view alone, and cars on one canvas where one is picked with the mouse', async () => {
    const page = await scene.page(VIEWS[0], '#car-500');
    await page.locator('.car-mark').waitFor();
    assert.ok((await page.locator('.car-row').count()) < 60);
    assert.equal(await page.locator('.car-mark').count(), 1);
    const box = await page.locator('.map-place').boundingBox();
    assert.ok(box !== null);
    // Somewhere in the middle of the town there is a car under the mouse.
    const before = await textOf(page, '.car-head h2');
    for (let at = 0; at < 400 && (await textOf(page, '.car-head h2')) === before; at++) {
      const [x, y] = [
        box.x + box.width * (0.3 + 0.02 * (at % 20)),
        box.y + box.height * (0.3 + 0.02 * Math.floor(at / 20)),
      ];
      await page.mouse.move(x, y);
      if (await page.locator('.map-place.on-car').count()) await page.mouse.click(x, y);
    }
    assert.notEqual(await textOf(page, '.car-head h2'), before);
    assert.deepEqual(scene.complaints, []);
    await page.close();
  });
});
