import { useMemo } from 'preact/hooks';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { domainColour } from './domains.js';
import { clockText, phaseText } from './format.js';
import { PHASE_ORDER, phaseTimes } from './handover-times.js';
import type { PageStore } from './store.js';

const ROWS = 60;
const KIND_WORDS: Readonly<Record<HandoverRecord['kind'], string>> = {
  move: 'move',
  first: 'first',
  'same-domain': 're-route',
  'host-lost': 'host lost',
  drain: 'drain',
};

/** Hand-overs, newest first, with the time of each phase from `detected`. */
export function HandoverTable({ store }: { store: PageStore }) {
  const records = store.handoverList();
  const { handoverVersion, selected } = store;
  const rows = useMemo(
    () => records.slice(0, ROWS).map(record => <Row key={record.id} record={record} store={store} />),
    [handoverVersion, selected, store.topology, domainColour(records[0]?.toDomain)],
  );
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
          <table>
            <thead>
              <tr>
                <th scope="col">time</th>
                <th scope="col">car</th>
                <th scope="col">from → to</th>
                <th scope="col">way</th>
                <th scope="col">result</th>
                {PHASE_ORDER.map(phase => (
                  <th key={phase} scope="col" class="number">
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

function Row({ record, store }: { record: HandoverRecord; store: PageStore }) {
  const times = phaseTimes(record);
  const { vehicle, kind, way, result, reason, fromDomain, toDomain } = record;
  return (
    <tr
      class={vehicle === store.selected ? 'of-selected' : ''}
      data-handover={record.id}
      onClick={() => store.select(vehicle)}
    >
      <td>{clockText(record.startedAtMs)}</td>
      <td>
        <button type="button" class="link" onClick={() => store.select(vehicle)}>
          {vehicle}
        </button>
      </td>
      <td class="from-to">
        {fromDomain !== undefined && <Domain name={fromDomain} />} <span aria-hidden="true">→</span>{' '}
        <Domain name={toDomain} />
      </td>
      <td>
        {way ?? '–'}
        {kind !== 'move' && <small> {KIND_WORDS[kind]}</small>}
      </td>
      <td>
        <span class={`result result-${result}`} title={reason}>
          {result}
          {reason !== undefined && result !== 'completed' && <small> {reason}</small>}
        </span>
      </td>
      {PHASE_ORDER.map(phase => {
        const ms = times[phase];
        return (
          <td key={phase} class={`number ${phase === 'activated' ? 'key' : ''}`}>
            {ms === undefined ? <i aria-label="not reached">·</i> : phaseText(ms)}
          </td>
        );
      })}
    </tr>
  );
}

const Domain = ({ name }: { name: string }) => (
  <span class="domain" style={{ '--domain': domainColour(name) }}>
    {name}
  </span>
);
