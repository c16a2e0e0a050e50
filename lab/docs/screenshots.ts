import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { packageRoot } from '../../common/package-root.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { handoverCounts } from '../../protocol/api/md-manager.js';
import { delay } from '../../common/clock.js';
import { System } from '../demo/system.js';
import { freePort } from '../network/free-port.js';

/**
 * Takes the pictures of the fleet page that README and docs show, of a whole edgetwin that runs with a recorded
 * drive: `node dist/lab/docs/screenshots.js`. Debian's chromium has to be there.
 */
const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--headless', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
const DESK = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };
/** Cars drive one behind the other; enough of them have moved between domains by then. */
const HANDOVERS = 14;
const SPEED = 6;

interface Shot {
  readonly name: string;
  readonly colorScheme: 'dark' | 'light';
  readonly viewport: typeof DESK;
  /** What the viewer does before the picture. */
  readonly act?: (page: Page) => Promise<void>;
}

const tellOne = async (page: Page): Promise<void> => {
  await page.locator('tbody tr button').nth(2).click();
  await page.locator('.story-gap', { hasText: 'usual' }).waitFor();
};

const SHOTS: readonly Shot[] = [
  { name: 'fleet-page', colorScheme: 'dark', viewport: DESK },
  { name: 'fleet-page-light', colorScheme: 'light', viewport: DESK },
  { name: 'fleet-page-phone', colorScheme: 'dark', viewport: PHONE },
  { name: 'handover-story', colorScheme: 'dark', viewport: DESK, act: tellOne },
  {
    name: 'replay-and-compare',
    colorScheme: 'dark',
    viewport: DESK,
    async act(page) {
      await tellOne(page);
      await page.locator('.story footer button').click();
      // Of the others the first: the car that is told is not among them.
      await page.locator('.car-tools select').selectOption({ index: 1 });
      await page.locator('.chart figcaption .other').first().waitFor();
      await page.locator('.time-bar button[aria-label="play"]').click();
      await delay(2_000);
      // At its end a replay stops by itself.
      const pause = page.locator('.time-bar button[aria-label="pause"]');
      if (await pause.isVisible()) await pause.click();
    },
  },
];

const folder = join(packageRoot(), 'docs', 'images');
await mkdir(folder, { recursive: true });
await using system = await System.open({
  drive: 'drive-06',
  cars: 5,
  speed: SPEED,
  httpPort: await freePort(),
});
await using manager = new HttpClient(system.urls.manager);
const moved = async (): Promise<number> =>
  (await manager.call('GET', '/v1/handovers/counts', { answer: handoverCounts })).completed;
while ((await moved()) < HANDOVERS) await delay(500);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
try {
  for (const { name, colorScheme, viewport, act } of SHOTS) {
    const page = await browser.newPage({ colorScheme, viewport });
    await page.goto(system.urls.analytics);
    await page.locator('.chart canvas').first().waitFor();
    await act?.(page);
    // Charts and map are drawn a moment after what they show has come.
    await delay(1_500);
    await page.screenshot({ path: join(folder, `${name}.png`) });
    await page.close();
    process.stdout.write(`docs/images/${name}.png\n`);
  }
} finally {
  await browser.close();
}
