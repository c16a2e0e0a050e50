import { useEffect, useRef, useState } from 'preact/hooks';
import type { History } from '../../../protocol/api/analytics.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { domainColour } from './domains.js';
import { clockText, phaseText } from './format.js';
import { switchedAtMs } from './handover-times.js';
import { SPEED } from './cars.js';
import type { PageStore } from './store.js';
import { gapsAround, rootScale, storyOf, ticksOf, type Lane } from './story-lanes.js';

/** Reports this long before and after a hand-over are looked at. */
const AROUND_MS = 30_000;
/** A wait up to so many times the usual one is no gap: reports are not sent by a stop-watch. */
const USUAL = 2;

/** One hand-over told as it went: who did what when, and whether the car's reports show anything of it. */
export function HandoverStory({ record, store }: { record: HandoverRecord; store: PageStore }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [gaps, setGaps] = useState<ReturnType<typeof gapsAround> | 'unknown'>();
  const atMs = switchedAtMs(record) ?? record.startedAtMs;
  useEffect(() => {
    dialog.current?.showModal();
    let gone = false;
    const [from, to] = [Math.floor(atMs - AROUND_MS), Math.ceil(atMs + AROUND_MS)];
    const path = `/v1/vehicles/${encodeURIComponent(record.vehicle)}/history`;
    void fetch(`${path}?signals=${SPEED}&from=${from}&to=${to}&limit=2000`)
      .then(async answer => (answer.ok ? ((await answer.json()) as History) : undefined))
      .catch(() => undefined)
      .then(history => {
        const points = history?.series[0]?.points.filter(([, value]) => value !== null) ?? [];
        const times = points.map(([timeMs]) => timeMs);
        if (!gone) setGaps(gapsAround(times, atMs) ?? 'unknown');
      });
    return () => {
      gone = true;
    };
  }, [record.id]);
  const story = storyOf(record);
  const { vehicle, way, result, reason, fromDomain, toDomain } = record;
  return (
    <dialog
      ref={dialog}
      class="story"
      aria-labelledby="story-title"
      onClose={() => store.tell(undefined)}
      onClick={event => {
        if (event.target === dialog.current) dialog.current?.close();
      }}
    >
      <header>
        <h2 id="story-title">
          {vehicle}: {fromDomain ?? 'no twin'} → {toDomain}
        </h2>
        <span class={`result result-${result}`}>{result}</span>
        <button type="button" class="story-close" aria-label="close" onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </header>
      <p class="story-facts">
        {clockText(record.startedAtMs)}
        {way !== undefined && ` · way ${way}`}
        {record.epoch !== undefined && ` · epoch ${record.epoch}`}
        {record.attempt > 1 && ` · attempt ${record.attempt}`}
        {record.standby !== undefined && ` · the twin stood by: ${record.standby.reason}`}
        {reason !== undefined && ` · ${reason}`}
      </p>
      {story === undefined ? (
        <p class="empty">Its phases have no times: there is nothing to draw.</p>
      ) : (
        <Lanes lanes={story.lanes} fromMs={story.fromMs} toMs={story.toMs} marks={story.marks} />
      )}
      <p class="story-gap" role="status">
        <GapWords gaps={gaps} />
      </p>
      <footer>
        <button
          type="button"
          onClick={() => {
            store.select(vehicle);
            store.startReplay(atMs - 10_000);
            dialog.current?.close();
          }}
        >
          ⟲ replay it on the map
        </button>
      </footer>
    </dialog>
  );
}

function GapWords({ gaps }: { gaps: ReturnType<typeof gapsAround> | 'unknown' }) {
  if (gaps === undefined) return <>Looking at the car’s reports…</>;
  if (gaps === 'unknown') return <>There are no reports of the car from around that time.</>;
  const words = `${phaseText(gaps.across)} ms passed between the reports before and after; ${phaseText(gaps.usual)} ms is usual.`;
  if (gaps.across <= USUAL * gaps.usual) return <>The car noticed nothing: {words}</>;
  return <>The stored reports have a gap there: {words}</>;
}

interface LanesProps {
  lanes: readonly Lane[];
  fromMs: number;
  toMs: number;
  marks: readonly { readonly phase: string; readonly ms: number }[];
}

function Lanes({ lanes, fromMs, toMs, marks }: LanesProps) {
  const scale = rootScale(fromMs, toMs);
  const percent = (ms: number): string => `${(100 * scale(ms)).toFixed(3)}%`;
  const wide = (from: number, to: number): string => `${(100 * (scale(to) - scale(from))).toFixed(3)}%`;
  return (
    <div class="lanes">
      {lanes.map(({ name, spans }) => (
        <div class="lane" key={name}>
          <span class="lane-name">{name}</span>
          <ul class="lane-line" aria-label={name}>
            {spans.map(({ fromMs: from, toMs: to, words, domain, kind }) => (
              <li
                key={`${from} ${words}`}
                class={`span-${kind}`}
                style={{
                  left: percent(from),
                  width: wide(from, to),
                  '--domain': domain === undefined ? 'var(--soft)' : domainColour(domain),
                }}
                title={`${words}: ${phaseText(Math.max(0, from))} – ${phaseText(to)} ms`}
              >
                {words}
              </li>
            ))}
          </ul>
        </div>
      ))}
      <div class="lane lane-axis">
        <span class="lane-name">ms</span>
        <div class="lane-line" aria-hidden="true">
          {ticksOf(toMs, scale).map(ms => (
            <span key={ms} style={{ left: percent(ms) }}>
              {ms}
            </span>
          ))}
        </div>
      </div>
      <dl class="story-phases">
        {marks.map(({ phase, ms }) => (
          <div key={phase}>
            <dt>{phase}</dt>
            <dd>{phaseText(ms)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
