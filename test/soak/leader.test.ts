import { delay } from '../../common/clock.js';
import { seededRandom } from '../../lab/seeded-random.js';
import { Journey } from '../journeys/harness.js';
import { faultsOnStage, killsOnStage } from '../journeys/kill-in-phase.js';
import { loseLeader, twoManagers } from '../journeys/kill-leader.js';

const LOSSES = 200;
const WITHIN_MS = 400;
const CARS = 3;

killsOnStage('leading md-manager, another one standing by,', twoManagers(['killed']));
faultsOnStage('SIGSTOP of the leading md-manager in each phase, SIGCONT under the next', twoManagers(['stopped']));
killsOnStage('leading md-manager, slots being armed,', twoManagers(['killed', 'stopped'], 'armed'), 'armed');

describe(`${LOSSES} losses of the leading md-manager at random moments of hand-overs`, () => {
  it('cost no report, no slot and no flow', async () => {
    const random = seededRandom(20_261_122);
    await using journey = await Journey.open({ cars: CARS, managers: 2 });
    const points = [...journey.accessPoints('edge-1'), ...journey.accessPoints('edge-2')];
    for (let loss = 0; loss < LOSSES; loss++) {
      for (let car = 0; car < CARS; car++) {
        const point = points[Math.floor(random() * points.length)];
        if (random() < 0.7 && point !== undefined) await journey.move(car, point);
      }
      await delay(random() * WITHIN_MS);
      await loseLeader(journey, random() < 0.5 ? 'killed' : 'stopped');
      await journey.acknowledges(Math.floor(random() * CARS), 1);
    }
    await journey.endsClean();
  });
});
