import fc from 'fast-check';

const pick = <T>(...all: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...all);

const matcher = pick(
  'signal="Vehicle.OBD.Speed"',
  'signal=~"Vehicle\\\\.OBD\\\\.(Engine)?Speed"',
  'signal!="Vehicle.OBD.Speed"',
  'vehicle="car-1"',
  'vehicle=~"car-.|bus.*"',
  'vehicle!~"car.+"',
  'nothing=""',
  'signal!~".*Temp.*|Vehicle.OBD.[^ES].*"',
);
const selector = fc
  .tuple(fc.uniqueArray(matcher, { maxLength: 2 }), pick('', '', '', ' offset 30s', ' offset 5m', ' offset -1m'))
  .map(([matchers, offset]) => ({ name: `twin_signal{${matchers.join(',')}}`, offset }));

const overRange = fc
  .tuple(
    pick('avg', 'min', 'max', 'sum', 'count', 'last', 'present').map(name => `${name}_over_time`),
    pick('rate', 'delta', 'increase', 'irate', 'idelta', 'changes', 'resets'),
    fc.boolean(),
    selector,
    pick('5s', '10s', '45s', '2m', '10m'),
  )
  .map(([over, change, isOver, { name, offset }, range]) => `${isOver ? over : change}(${name}[${range}]${offset})`);

const number = pick('0', '1', '2.5', '-3', '1e2', '0x10', 'Inf', 'NaN');
const grouping = pick('', ' by (vehicle)', ' by (signal)', ' without (vehicle)', ' without (signal)', ' by ()');

/** Expressions of the subset that analytics speaks, most of them with an answer. */
export const queries = (): fc.Arbitrary<string> =>
  fc.letrec<{ vector: string; leaf: string; made: string }>(tie => ({
    leaf: fc.oneof(
      selector.map(({ name, offset }) => name + offset),
      overRange,
    ),
    made: fc.oneof(
      fc
        .tuple(pick('sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'), grouping, tie('vector'))
        .map(([op, by, of]) => `${op}${by} (${of})`),
      fc
        .tuple(tie('vector'), pick('+', '-', '*', '/', '%', '^', '>', '<', '>=', '<=', '==', '!='), number)
        .map(([of, op, scalar]) => `(${of}) ${op} ${scalar}`),
      fc
        .tuple(number, pick('+', '-', '*', '/', '> bool', '== bool'), tie('vector'))
        .map(([scalar, op, of]) => `${scalar} ${op} (${of})`),
      fc
        .tuple(
          tie('vector'),
          pick('+', '-', '/', '>', '!= bool', 'and', 'or', 'unless'),
          pick('', 'on(vehicle)', 'ignoring(signal)', 'on(vehicle, signal)'),
          tie('vector'),
        )
        .map(([left, op, on, right]) => `(${left}) ${op} ${on} (${right})`),
      fc.tuple(pick('abs', 'sqrt', 'timestamp', 'absent'), tie('vector')).map(([name, of]) => `${name}(${of})`),
      tie('vector').map(of => `-(${of})`),
    ),
    vector: fc.oneof({ maxDepth: 2, withCrossShrink: true }, tie('leaf'), tie('made')),
  })).vector;
