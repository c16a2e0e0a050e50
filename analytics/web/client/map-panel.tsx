import { useEffect, useRef, useState } from 'preact/hooks';
import { domainColour, onThemeChange } from './domains.js';
import { FleetMap } from './fleet-map.js';
import type { PageStore } from './store.js';
import { TimeBar } from './time-bar.js';

/** The map with its legend; the map itself lives outside of the component tree and is updated in place. */
export function MapPanel({ store }: { store: PageStore }) {
  const place = useRef<HTMLDivElement>(null);
  const map = useRef<FleetMap>();
  const [follow, setFollow] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const made = new FleetMap(element, vehicle => store.select(vehicle));
    map.current = made;
    made.onDrag(() => setFollow(false));
    let gone = false;
    void fetch('page.json')
      .then(async answer => (await answer.json()) as { tiles?: Parameters<FleetMap['showTiles']>[0] })
      .then(({ tiles }) => tiles && !gone && made.showTiles(tiles))
      // Without it the map is as it is without tiles.
      .catch(() => undefined);
    const stopTheme = onThemeChange(() => made.repaint());
    return () => {
      gone = true;
      stopTheme();
      made.remove();
    };
  }, [store]);
  useEffect(() => map.current?.update(store, follow));
  return (
    <section class="panel map" aria-label="Map">
      <div class="map-place" ref={place} />
      <ul class="legend" aria-label="Domains">
        {store.topology.domains.map(name => (
          <li key={name} style={{ '--domain': domainColour(name) }}>
            {name}
          </li>
        ))}
      </ul>
      <div class="map-tools">
        {store.replay === undefined && (
          <button type="button" onClick={() => store.startReplay()} disabled={store.cars.size === 0}>
            ⟲ replay last hour
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            setFollow(false);
            map.current?.fit(store);
          }}
        >
          fit all
        </button>
        <button type="button" aria-pressed={follow} onClick={() => setFollow(!follow)}>
          follow car
        </button>
      </div>
      <TimeBar store={store} />
    </section>
  );
}
