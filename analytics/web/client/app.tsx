import { useEffect, useState } from 'preact/hooks';
import { CarList } from './car-list.js';
import { CarPanel } from './car-panel.js';
import { CountStrip } from './count-strip.js';
import { onThemeChange } from './domains.js';
import { HandoverStory } from './handover-story.js';
import { HandoverTable } from './handover-table.js';
import { MapPanel } from './map-panel.js';
import { Header, Notices } from './page-head.js';
import type { PageStore } from './store.js';

/** The fleet page: drawn anew as a whole when the store says so; what is heavy (map, charts) updates itself in place. */
export function App({ store }: { store: PageStore }) {
  const [, draw] = useState(0);
  useEffect(() => {
    const again = (): void => draw(n => n + 1);
    const ends = [store.subscribe(again), onThemeChange(again)];
    return () => ends.forEach(end => end());
  }, [store]);
  return (
    <div class="page">
      <Header store={store} />
      <Notices store={store} />
      <CountStrip store={store} />
      <main class="board">
        <CarList store={store} />
        <MapPanel store={store} />
        <HandoverTable store={store} />
        <CarPanel store={store} />
      </main>
      {store.told && <HandoverStory key={store.told.id} record={store.told} store={store} />}
    </div>
  );
}
