import { domainColour } from './domains.js';
import { clockText } from './format.js';
import { switchedAtMs } from './handover-times.js';
import { RATES } from './replay.js';
import type { PageStore } from './store.js';

const STEP_MS = 1_000;

/** The last hour once more: where in it, how fast, and where twins moved. */
export function TimeBar({ store }: { store: PageStore }) {
  const { replay } = store;
  if (replay === undefined) return null;
  const { fromMs, toMs, atMs } = replay;
  const marks = store.handoverList().flatMap(record => {
    const at = switchedAtMs(record);
    return at === undefined || at < fromMs || at > toMs || record.kind === 'first' ? [] : [{ at, record }];
  });
  return (
    <div class="time-bar" role="group" aria-label={`Replay of ${clockText(fromMs)} to ${clockText(toMs)}`}>
      <button type="button" aria-label={replay.playing ? 'pause' : 'play'} onClick={() => replay.play(!replay.playing)}>
        {replay.playing ? '❚❚' : '▶'}
      </button>
      <div class="time-line">
        <span class="time-marks" aria-hidden="true">
          {marks.map(({ at, record }) => (
            <i
              key={record.id}
              class={record.vehicle === store.selected ? 'of-selected' : ''}
              style={{ left: `${(100 * (at - fromMs)) / (toMs - fromMs)}%`, background: domainColour(record.toDomain) }}
            />
          ))}
        </span>
        <input
          type="range"
          aria-label="Moment of the replay"
          aria-valuetext={clockText(atMs)}
          min={fromMs}
          max={toMs}
          step={STEP_MS}
          value={atMs}
          onInput={event => replay.seek(event.currentTarget.valueAsNumber)}
        />
        <span class="time-ends" aria-hidden="true">
          <i>{clockText(fromMs)}</i>
          <i>{clockText(toMs)}</i>
        </span>
      </div>
      <b class="time-at" aria-hidden="true">
        {clockText(atMs)}
      </b>
      <div class="segments" role="group" aria-label="How fast">
        {RATES.map(rate => (
          <button
            key={rate}
            type="button"
            aria-pressed={rate === replay.rate}
            onClick={() => {
              replay.rate = rate;
              store.changed();
            }}
          >
            {rate}×
          </button>
        ))}
      </div>
      {replay.loaded < replay.all && (
        <span class="time-loading" role="status">
          {replay.loaded} of {replay.all} cars
        </span>
      )}
      <button type="button" class="time-mode" onClick={() => store.goLive()}>
        ● live
      </button>
    </div>
  );
}
