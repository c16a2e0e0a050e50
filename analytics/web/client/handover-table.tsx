import { useMemo } from 'preact/hooks';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { domainColour } from './domains.js';
import { clockText, phaseText } from './format.js';
import { PHASE_ORDER, phaseTimes } from './handover-times.js';

/** What the bar shows: from `detected`, from which all is counted, to `activated`, which stands beside it. */
const BAR_PHASES = PHASE_ORDER.slice(1, -1);
/** The others have a column each. */
const PHASES = PHASE_ORDER.slice(1).filter(phase => phase !== 'activated');
import type { PageStore } from './store.js';

const ROWS = 60;
const KIND_WORDS: Readonly<Record<HandoverRecord['kind'], string>> = {
  move: 'move',
  first: 'first',
  'same-domain': 're-route',
  'host-lost': 'host lost',
  drain: 'drain',
  ordered: 'ordered',
};

/** Hand-overs, newest first, with the time of each phase from `detected`. */
export function HandoverTable({ store }: { store: PageStore }) {
  const records = store.handoverList();
  const { handoverVersion, selected } = store;
  const rows = useMemo(() => {
    const shown = records.slice(0, ROWS);
    const longestMs = scaleOf(shown.flatMap(record => phaseTimes(record).activated ?? []));
    return shown.map(record => <Row key={record.id} record={record} store={store} longestMs={longestMs} />);
  }, [handoverVersion, selected, store.topology, domainColour(records[0]?.toDomain)]);
  return (
    <section class="panel handovers" aria-label="Hand-overs">
      <h2>
        Hand-overs <span>{records.length}</span>
        <small>milliseconds since detected</small>
      </h2>
      {records.length === 0 ? (
        <p class="empty">No twin has moved yet. Each move appears here, phase by phase.</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label="Table of hand-overs">
          <table aria-label="Hand-overs, newest first">
            <thead>
              <tr>
                <th scope="col">time</th>
                <th scope="col">car</th>
                <th scope="col">from → to</th>
                <th scope="col" class="phase-activated">
                  activated
                </th>
                <th scope="col">result</th>
                <th scope="col" class="wide">
                  way
                </th>
                {PHASES.map(phase => (
                  <th key={phase} scope="col" class={`number wide phase-${phase}`}>
                    {phase}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>{rows}</tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Row({ record, store, longestMs }: { record: HandoverRecord; store: PageStore; longestMs: number }) {
  const times = phaseTimes(record);
  const { vehicle, kind, way, result, reason, fromDomain, toDomain } = record;
  return (
    <tr
      class={vehicle === store.selected ? 'of-selected' : ''}
      data-handover={record.id}
      onClick={() => {
        store.select(vehicle);
        store.tell(record);
      }}
    >
      <td>{clockText(record.startedAtMs)}</td>
      <td>
        <button type="button" class="link" aria-haspopup="dialog" title="show how it went">
          {vehicle}
        </button>
      </td>
      <td class="from-to">
        {fromDomain !== undefined && <Domain name={fromDomain} />} <span aria-hidden="true">→</span>
        <span class="hidden"> to </span>
        <Domain name={toDomain} />
      </td>
      <td>
        <Bar times={times} longestMs={longestMs} />
      </td>
      <td>
        <span class={`result result-${result}`} title={reason}>
          {result}
          {reason !== undefined && result !== 'completed' && <small> {reason}</small>}
        </span>
      </td>
      <td class="wide">
        {way ?? '–'}
        {kind !== 'move' && <small> {KIND_WORDS[kind]}</small>}
      </td>
      {PHASES.map(phase => {
        const ms = times[phase];
        return (
          <td key={phase} class="number wide">
            {ms === undefined ? <i aria-label="not reached">·</i> : phaseText(ms)}
          </td>
        );
      })}
    </tr>
  );
}

/** The greatest of the times, but no more than thrice their median: one slow hand-over must not flatten all others. */
function scaleOf(timesMs: readonly number[]): number {
  const sorted = [...timesMs].sort((a, b) => a - b);
  return Math.max(1, Math.min(sorted.at(-1) ?? 1, 3 * (sorted[sorted.length >> 1] ?? 1)));
}

/** Where the time went until the new twin acted: a piece per phase, all rows on one scale. */
function Bar({ times, longestMs }: { times: ReturnType<typeof phaseTimes>; longestMs: number }) {
  let doneMs = 0;
  const pieces = BAR_PHASES.flatMap(phase => {
    const ms = times[phase];
    if (ms === undefined) return [];
    const took = { phase, ms: ms - doneMs };
    doneMs = ms;
    return [took];
  });
  return (
    <span class="bar">
      <span class="bar-pieces" aria-hidden="true">
        {pieces.map(({ phase, ms }) => (
          <i
            key={phase}
            class={`phase-${phase}`}
            style={{ width: `${(100 * ms) / longestMs}%` }}
            title={`${phase}: ${phaseText(ms)} ms`}
          />
        ))}
      </span>
      <b>{times.activated === undefined ? '–' : phaseText(times.activated)}</b>
    </span>
  );
}

const Domain = ({ name }: { name: string }) => (
  <span class="domain" style={{ '--domain': domainColour(name) }}>
    {name}
  </span>
);
