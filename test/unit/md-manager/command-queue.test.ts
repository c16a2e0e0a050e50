import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CommandQueue, type Command, type CommandOutcome, type CommandWay } from '../../../md-manager/command-queue.js';
import type { Lane } from '../../../md-manager/lanes.js';
import { MOST_COMMANDS } from '../../../protocol/api/commands.js';

interface Request {
  /** Vehicles of its commands, in their order. */
  readonly vehicles: readonly string[];
  readonly answer: (at: number, outcome?: CommandOutcome) => void;
  /** The whole request ends: well, or broken. */
  readonly end: (error?: Error) => void;
  readonly signal: AbortSignal;
}

/** A queue whose requests are answered by hand, and whose turns of the event loop end by hand. */
function scene(requests: number, ofStandby: number) {
  const sent: Request[] = [];
  const turn: (() => void)[] = [];
  const way: CommandWay = {
    one: ({ vehicle }, _json, signal) =>
      new Promise((resolve, reject) => {
        const answer = (_at: number, outcome: CommandOutcome = { answer: vehicle }): void =>
          'error' in outcome ? reject(outcome.error) : resolve(outcome.answer);
        const end = (error?: Error): void => (error === undefined ? undefined : reject(error));
        sent.push({ vehicles: [vehicle], answer, end, signal });
      }),
    many: (commands, answered, signal) =>
      new Promise((resolve, reject) => {
        const vehicles = commands.map(text => (JSON.parse(text) as { vehicle: string }).vehicle);
        const answer = (at: number, outcome: CommandOutcome = { answer: vehicles[at] }): void => answered(at, outcome);
        sent.push({
          vehicles,
          answer,
          end: error => (error === undefined ? resolve() : reject(error)),
          signal,
        });
      }),
  };
  const queue = new CommandQueue(way, { requests, ofStandby }, run => void turn.push(run));
  const never = new AbortController().signal;
  const send = (vehicle: string, lane: Lane = 'handover', signal = never, body: unknown = {}): Promise<unknown> => {
    const command: Command = { name: 'prepare', method: 'POST', path: `/${vehicle}`, vehicle, body };
    return queue.send(lane, command, signal);
  };
  const turnEnds = async (): Promise<void> => {
    for (const run of turn.splice(0)) run();
    await new Promise(setImmediate);
  };
  return { send, sent, turnEnds };
}

const outcomeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(String, (error: unknown) => (error instanceof Error ? error.message : 'other'));

describe('commands to one service', () => {
  it('leave at once, alone, when none is under way; the others of the turn together', async () => {
    const { send, sent, turnEnds } = scene(4, 4);
    const all = ['a', 'b', 'c'].map(vehicle => send(vehicle));
    assert.deepEqual(sent[0]?.vehicles, ['a']);
    assert.equal(sent.length, 1);
    await turnEnds();
    assert.deepEqual(sent[1]?.vehicles, ['b', 'c']);
    sent[1].answer(1);
    sent[0].answer(0);
    sent[1].answer(0);
    sent[1].end();
    assert.deepEqual(await Promise.all(all), ['a', 'b', 'c']);
  });

  it('have each their own outcome as soon as it is there, whatever the others wait for', async () => {
    const { send, sent, turnEnds } = scene(4, 4);
    const first = send('first');
    const [good, bad, silent] = ['good', 'bad', 'silent'].map(vehicle => outcomeOf(send(vehicle)));
    await turnEnds();
    const [one, many] = sent;
    many!.answer(1, { error: new Error('refused') });
    many!.answer(0);
    assert.deepEqual([await good, await bad], ['good', 'refused']);
    many!.end(new Error('no answer in time'));
    assert.equal(await silent, 'no answer in time');
    one!.answer(0);
    assert.equal(await first, 'first');
  });

  it('without a line in an answer that ended well are not taken for done', async () => {
    const { send, sent, turnEnds } = scene(4, 4);
    void send('first');
    const all = ['told', 'untold'].map(vehicle => outcomeOf(send(vehicle)));
    await turnEnds();
    sent[1]!.answer(0);
    sent[1]!.answer(7);
    sent[1]!.end();
    assert.equal(await all[0], 'told');
    assert.match(await all[1]!, /UPSTREAM_REFUSED/);
  });

  it('that a hand-over waits for pass what is kept in stock, which never takes more than its share', async () => {
    const { send, sent, turnEnds } = scene(2, 2);
    void send('first');
    for (const vehicle of ['s1', 's2', 's3']) void send(vehicle, 'standby');
    for (const vehicle of ['h1', 'h2']) void send(vehicle);
    await turnEnds();
    assert.deepEqual(sent[1]!.vehicles, ['h1', 'h2', 's1', 's2']);
    void send('h3');
    sent[0]!.answer(0);
    await turnEnds();
    await turnEnds();
    assert.deepEqual(sent[2]!.vehicles, ['h3']);
    for (const at of [0, 1, 2]) sent[1]!.answer(at);
    sent[1]!.end();
    await turnEnds();
    await turnEnds();
    assert.deepEqual(sent[3]!.vehicles, ['s3']);
  });

  it('that are answered twice give their place back once', async () => {
    const { send, sent, turnEnds } = scene(2, 2);
    void send('first');
    for (const vehicle of ['s1', 's2', 's3', 's4']) void send(vehicle, 'standby');
    await turnEnds();
    assert.deepEqual(sent[1]!.vehicles, ['s1', 's2']);
    for (const _ of ['once', 'twice']) sent[1]!.answer(0);
    sent[0]!.answer(0);
    await turnEnds();
    await turnEnds();
    assert.deepEqual(sent[2]!.vehicles, ['s3']);
  });

  it('end with their signal, those that wait and those under way; the request ends where nobody is left', async () => {
    const { send, sent, turnEnds } = scene(2, 2);
    const [lost, other] = [new AbortController(), new AbortController()];
    void send('first');
    const [a, b, c] = [
      outcomeOf(send('a', 'handover', lost.signal)),
      outcomeOf(send('b', 'handover', lost.signal)),
      outcomeOf(send('c', 'handover', other.signal)),
    ];
    await turnEnds();
    const waiting = outcomeOf(send('d', 'handover', lost.signal));
    lost.abort(new Error('host lost'));
    assert.deepEqual([await a, await b, await waiting], ['host lost', 'host lost', 'host lost']);
    assert.equal(sent[1]!.signal.aborted, false);
    other.abort(new Error('the end'));
    assert.equal(await c, 'the end');
    assert.equal(sent[1]!.signal.aborted, true);
    sent[0]!.answer(0);
    await turnEnds();
    assert.equal(sent.length, 2);
    await assert.rejects(send('e', 'handover', lost.signal), /host lost/);
  });

  it('that are long leave in several requests', async () => {
    const { send, sent, turnEnds } = scene(8, 8);
    void send('first');
    for (const vehicle of ['a', 'b', 'c']) void send(vehicle, 'handover', undefined, 'x'.repeat(150_000));
    void send('d');
    await turnEnds();
    assert.deepEqual(
      sent.slice(1).map(request => request.vehicles),
      [['a'], ['b'], ['c', 'd']],
    );
  });

  it('have one outcome each under any faults, in bounded requests, in the order of their lane', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ do: fc.constant('send' as const), lane: fc.constantFrom<Lane>('handover', 'standby') }),
            fc.record({ do: fc.constantFrom('answer', 'refuse', 'end', 'break', 'turn', 'abort'), n: fc.nat(7) }),
          ),
          { maxLength: 120 },
        ),
        async steps => {
          const limits = { requests: 3, ofStandby: 5 };
          const { send, sent, turnEnds } = scene(limits.requests, limits.ofStandby);
          const stop = [new AbortController(), new AbortController()];
          const outcomes = new Map<string, string>();
          const lanes = new Map<string, Lane>();
          const ended = new Set<Request>();
          const check = (): void => {
            const open = sent.filter(request => !ended.has(request));
            assert.ok(open.length <= limits.requests);
            const standby = open.flatMap(({ vehicles }) => vehicles.filter(name => lanes.get(name) === 'standby'));
            assert.ok(standby.filter(name => !outcomes.has(name)).length <= limits.ofStandby);
          };
          const settle = (request: Request, at: number, error?: Error): void => {
            request.answer(at, error === undefined ? undefined : { error });
            if (request.vehicles.length === 1) ended.add(request);
          };
          const all: Promise<void>[] = [];
          for (const step of steps) {
            const open = sent.filter(request => !ended.has(request));
            const request = 'n' in step ? open[step.n % Math.max(1, open.length)] : undefined;
            if (step.do === 'send') {
              const name = `v${lanes.size}`;
              lanes.set(name, step.lane);
              const signal = stop[lanes.size % 5 === 0 ? 1 : 0]!.signal;
              all.push(
                outcomeOf(send(name, step.lane, signal)).then(outcome => {
                  assert.ok(!outcomes.has(name));
                  outcomes.set(name, outcome);
                }),
              );
            } else if (step.do === 'abort') stop[1]!.abort(new Error('gone'));
            else if (step.do !== 'turn' && request !== undefined) {
              if (step.do === 'answer') settle(request, step.n);
              else if (step.do === 'refuse') settle(request, step.n, new Error('refused'));
              else {
                request.end(step.do === 'end' ? undefined : new Error('broken'));
                if (step.do === 'break' || request.vehicles.length > 1) ended.add(request);
              }
            }
            if (step.do === 'turn') await turnEnds();
            else await new Promise(setImmediate);
            check();
          }
          // Whatever happened, everybody is through once what is under way ends.
          for (let open = sent.filter(request => !ended.has(request)); outcomes.size < lanes.size;) {
            for (const request of open) {
              request.vehicles.forEach((_, at) => request.answer(at));
              request.end();
              ended.add(request);
            }
            await turnEnds();
            open = sent.filter(request => !ended.has(request));
          }
          await Promise.all(all);
          for (const { vehicles } of sent) assert.ok(vehicles.length <= MOST_COMMANDS);
          const left = sent.flatMap(({ vehicles }) => vehicles);
          assert.equal(new Set(left).size, left.length);
          for (const lane of ['handover', 'standby'] as const) {
            const order = left.filter(name => lanes.get(name) === lane).map(name => Number(name.slice(1)));
            assert.deepEqual(
              order,
              [...order].sort((a, b) => a - b),
            );
          }
        },
      ),
    ));
});
