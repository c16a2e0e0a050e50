import assert from 'node:assert/strict';
import { expanded, stepOf } from '../../fakes/grafana-query.js';

const TIMES = { rangeS: 900, stepS: 5, scrapeS: 5 };

describe('Grafana’s variables, as the tests expand them', () => {
  it('are the range, the step, and at least four readings of a process for rates', () => {
    assert.equal(
      expanded('rate(x[$__rate_interval]) + y[$__interval] + z[$__range]', TIMES, {}),
      'rate(x[20s]) + y[5s] + z[900s]',
    );
    assert.equal(expanded('x[$__rate_interval]', { ...TIMES, stepS: 60 }, {}), 'x[65s]');
  });

  it('are plain where one value can be chosen, alternatives where several can', () => {
    const variables = { vehicle: 'car-1', signal: ['A.b', 'C'], domain: ['.+'] };
    assert.equal(expanded('{v="$vehicle"}', TIMES, variables), '{v="car-1"}');
    assert.equal(expanded('{s=~"$signal"}', TIMES, variables), '{s=~"(A\\\\.b|C)"}');
    assert.equal(expanded('{d=~"$domain"}', TIMES, variables), '{d=~".+"}');
    assert.throws(() => expanded('$nothing', TIMES, {}), /\$nothing/);
  });

  it('have a step of a round number of seconds, never below the interval of reading', () => {
    assert.equal(stepOf(900, 800, 5), 5);
    assert.equal(stepOf(86_400, 800, 5), 120);
  });
});
