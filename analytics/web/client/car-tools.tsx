import { carsByName } from './cars.js';
import type { PageStore } from './store.js';

/** What a download reaches back, hours. */
const SPANS_H = [1, 24, 168] as const;
const SPAN_WORDS: Readonly<Record<number, string>> = { 1: 'last hour', 24: 'last day', 168: 'last week' };
const FORMS = [
  { ending: 'csv', word: 'CSV', what: 'every report, a column per signal, times in your zone' },
  { ending: 'geojson', word: 'GeoJSON', what: 'the way, for a map' },
  { ending: 'gpx', word: 'GPX', what: 'the way, for a navigator' },
] as const;

/** Beside the charts: a second car to compare with, and the past as a file. */
export function CarTools({ vehicle, store }: { vehicle: string; store: PageStore }) {
  const others = carsByName(store.cars).filter(car => car.vehicle !== vehicle);
  return (
    <div class="car-tools">
      {others.length > 0 && (
        <label>
          compare with{' '}
          <select
            value={store.compared ?? ''}
            onChange={event => store.compare(event.currentTarget.value || undefined)}
          >
            <option value="">no other car</option>
            {others.map(car => (
              <option key={car.vehicle}>{car.vehicle}</option>
            ))}
          </select>
        </label>
      )}
      <details class="export">
        <summary>export</summary>
        <table aria-label={`The past of ${vehicle} as a file`}>
          <tbody>
            {FORMS.map(({ ending, word, what }) => (
              <tr key={ending}>
                <th scope="row" title={what}>
                  {word}
                </th>
                {SPANS_H.map(hours => (
                  <td key={hours}>
                    <a href={hrefOf(vehicle, ending, hours, store.shownMs())} download>
                      {SPAN_WORDS[hours]}
                    </a>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </div>
  );
}

function hrefOf(vehicle: string, ending: string, hours: number, toMs: number): string {
  // To the minute, so that a link does not change under the pointer.
  const to = Math.ceil(toMs / 60_000) * 60_000;
  const zone = ending === 'csv' ? `&tz=${encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone)}` : '';
  return `/v1/vehicles/${encodeURIComponent(vehicle)}/history.${ending}?from=${to - hours * 3_600_000}&to=${to}${zone}`;
}
