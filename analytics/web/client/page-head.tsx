import { ageText, clockText, zoneText } from './format.js';
import type { Link, PageStore } from './store.js';

const LINK_WORDS: Readonly<Record<Link, string>> = { connecting: 'connecting', live: 'live', lost: 'reconnecting' };

export function Header({ store }: { store: PageStore }) {
  const nowMs = store.nowMs();
  return (
    <header class="head">
      <svg class="logo" viewBox="0 0 32 20" aria-hidden="true">
        <circle cx="11" cy="10" r="7.5" class="logo-a" />
        <circle cx="21" cy="10" r="7.5" class="logo-b" />
      </svg>
      <h1>
        edgetwin <span>fleet</span>
      </h1>
      <ul class="parts" aria-label="State of the parts">
        <Part name="stream" state={store.link === 'live' ? 'here' : 'away'} word={LINK_WORDS[store.link]} />
        <Part name="store" state={store.sources?.store.state} />
        <Part name="manager" state={store.sources?.manager.state} />
      </ul>
      <time class="now" dateTime={new Date(nowMs).toISOString()}>
        {clockText(nowMs)} <span>{zoneText(nowMs)}</span>
      </time>
    </header>
  );
}

function Part({ name, state, word }: { name: string; state: 'here' | 'away' | undefined; word?: string }) {
  return (
    <li class={`part part-${state ?? 'unknown'}`}>
      <i aria-hidden="true" />
      {name} <b>{word ?? (state === 'here' ? 'up' : (state ?? '…'))}</b>
    </li>
  );
}

/** A part that is away is an ordinary state: the page says what that means for what it shows. */
export function Notices({ store }: { store: PageStore }) {
  const { sources, link } = store;
  const rows: string[] = [];
  const since = (ms: number): string => `since ${clockText(ms)} (${ageText(store.nowMs() - ms)})`;
  if (link === 'lost') rows.push('The analytics service cannot be reached. What you see is as last known; ages go on.');
  if (sources?.store.state === 'away')
    rows.push(`The store cannot be read ${since(sources.store.sinceMs)}. Values are as last known.`);
  if (sources?.manager.state === 'away')
    rows.push(
      `The MD manager is away ${since(sources.manager.sinceMs)}. Reports go on; serving domains and hand-overs are as last known.`,
    );
  if (rows.length === 0) return null;
  return (
    <div class="notices" role="status">
      {rows.map(row => (
        <p key={row}>{row}</p>
      ))}
    </div>
  );
}
