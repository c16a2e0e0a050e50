import type { GridPos } from '@grafana/grafana-foundation-sdk/dashboard';

/** Columns of Grafana's grid. */
const COLUMNS = 24;

export interface Size {
  readonly w: number;
  readonly h: number;
}

/**
 * Places panels in their order below `top`, each as high up and then as far to the left as it finds room: beside a high one
 * several low ones stand on each other. Gives their places, and where the next section begins.
 */
export function laidOut(sizes: readonly Size[], top: number): { places: GridPos[]; bottom: number } {
  const free = new Array<number>(COLUMNS).fill(top);
  const places = sizes.map(({ w, h }): GridPos => {
    let best = { x: 0, y: Infinity };
    for (let x = 0; x + w <= COLUMNS; x++) {
      const y = Math.max(...free.slice(x, x + w));
      if (y < best.y) best = { x, y };
    }
    free.fill(best.y + h, best.x, best.x + w);
    return { ...best, w, h };
  });
  return { places, bottom: Math.max(...free) };
}
