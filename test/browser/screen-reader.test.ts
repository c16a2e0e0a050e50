import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { handoverOf } from '../fakes/fake-manager.js';
import { recordedFleet } from '../fakes/recorded-fleet.js';
import { accessibilityFaults } from './accessibility-faults.js';
import { PageScene, VIEWS, neededDrive } from './page-scene.js';

const CARS = 9;
const PAST_S = 200;

/** The lines stand in the accessible tree in this order, others between them. */
async function assertSpoken(place: Locator, lines: readonly (string | RegExp)[]): Promise<void> {
  const tree = (await place.ariaSnapshot()).split('\n').map(line => line.trim());
  let from = 0;
  for (const line of lines) {
    const found = tree.findIndex(
      (said, at) => at >= from && (line instanceof RegExp ? line.test(said) : said === line),
    );
    assert.ok(found >= 0, `${String(line)} is not said in\n${tree.join('\n')}`);
    from = found + 1;
  }
}

describe('the fleet page as a screen reader has it', function () {
  this.timeout(60_000);
  const drive = neededDrive();
  let scene: PageScene;

  before(async () => {
    const fleet = recordedFleet(drive, CARS, 10);
    scene = await PageScene.open(fleet.topology, async (store, manager, nowMs) => {
      await fleet.seed(store, manager, nowMs, PAST_S);
      manager.handovers.unshift(handoverOf({ id: 'h-told', vehicle: 'car-2', startedAtMs: nowMs - 60_000 }));
    });
  });
  after(() => scene?.[Symbol.asyncDispose]());

  const opened = async (view = VIEWS[0] as (typeof VIEWS)[number]): Promise<Page> => {
    const page = await scene.page(view, '#car-2');
    await page.locator('.car-mark.selected').waitFor();
    await page.locator('.chart canvas').first().waitFor();
    await page.locator('tr[data-handover="h-told"]').waitFor();
    return page;
  };

  for (const view of VIEWS)
    it(`breaks no rule at any step: cars, replay, comparison, hand-over; ${view.name}`, async () => {
      const page = await opened(view);
      assert.deepEqual(await accessibilityFaults(page), []);
      await page.locator('.export summary').click();
      await page.locator('.map-tools button', { hasText: 'replay' }).click();
      await page.locator('.car-tools select').selectOption('car-3');
      await page.locator('.chart figcaption .other', { hasText: 'car-3' }).first().waitFor();
      assert.deepEqual(await accessibilityFaults(page), []);
      await page.locator('tr[data-handover="h-told"] button').click();
      await page.locator('.story-gap').waitFor();
      assert.deepEqual(await accessibilityFaults(page), []);
      await page.close();
    });

  it('finds a car, and says how it is and how fresh that is', async () => {
    const page = await opened();
    await assertSpoken(page.locator('body'), [
      '- heading "edgetwin fleet" [level=1]',
      '- listitem: stream live',
      '- heading "Reports" [level=2]',
      '- term: lost',
      '- definition: "0"',
      `- heading "Cars ${CARS}" [level=2]`,
      '- searchbox "Find a car by name, domain, host or access point"',
      '- listbox "Choose a car":',
      /^- option "car-2 edge-\d \d+ km\/h .+ (s|min)" \[selected\]$/,
      /^- option "car-9 .+"$/,
    ]);
    await assertSpoken(page.locator('.car'), [
      '- heading "car-2" [level=2]',
      /^- paragraph: host edge-\d.+ reports heard .+ ago$/,
      /^- button "speed \d+ km\/h (stale, )?[\d.]+ (s|min) stored" \[pressed\]$/,
      '- group "Span of the charts":',
      /^- 'img "speed: \d+ km\/h"'$/,
    ]);
    await page.close();
  });

  it('tells a hand-over: who did what when, and that the car noticed nothing', async () => {
    const page = await opened();
    await assertSpoken(page.locator('.handovers'), [
      '- table "Hand-overs, newest first":',
      '- columnheader "activated"',
      /^- row "[\d:]+ car-2 edge-1 to edge-2 [\d.]+ completed/,
    ]);
    await page.locator('tr[data-handover="h-told"] button').focus();
    await page.keyboard.press('Enter');
    await page.locator('.story-gap', { hasText: 'noticed nothing' }).waitFor();
    await assertSpoken(page.locator('body'), [
      `- 'dialog "car-2: edge-1 → edge-2"':`,
      ...['- list "radio":', '- list "switch":', '- list "manager":', '- list "old twin":', '- list "new twin":'],
      /^- 'listitem "acts: [\d.]+ – [\d.]+ ms"'/,
      '- term: activated',
      /^- status: "The car noticed nothing: 1000 ms passed/,
    ]);
    await page.close();
  });

  it('replays, compares and exports with names for all that is used, and a moment in words', async () => {
    const page = await opened();
    await page.locator('.map-tools button', { hasText: 'replay' }).click();
    await page.locator('.car-tools select').selectOption('car-3');
    await page.locator('.chart figcaption .other', { hasText: 'car-3' }).first().waitFor();
    await page.locator('.export summary').click();
    // By then all of them have been heard.
    await page.locator('.time-bar input').press('End');
    await page.locator('.car-mark.selected').waitFor();
    await page.locator('[data-signal="Vehicle.OBD.Speed"] .tile-other', { hasText: /\d/ }).waitFor();
    await assertSpoken(page.locator('.map'), [
      '- button "car-2"',
      /^- group "Replay of \d\d:\d\d:\d\d to \d\d:\d\d:\d\d":$/,
      '- button "play": ▶',
      /^- slider "Moment of the replay"/,
      '- group "How fast":',
      '- button "10×" [pressed]',
      '- button "● live"',
    ]);
    assert.match((await page.locator('.time-bar input').getAttribute('aria-valuetext')) ?? '', /^\d\d:\d\d:\d\d$/);
    await assertSpoken(page.locator('.car'), [
      /^- paragraph: as it was at \d\d:\d\d:\d\d heard .+ ago$/,
      /^- 'button "speed \d+ km\/h ?, compared: \d+ km\/h ?, /,
      '- combobox "compare with":',
      '- table "The past of car-2 as a file":',
      /^- row "CSV last hour last day last week":?$/,
      /^- figure "speed km\/h car-3":$/,
      /^- 'img "speed: \d+ km\/h; car-3: \d+"'$/,
    ]);
    await page.close();
  });
});
