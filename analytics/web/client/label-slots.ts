/** A mark on the map with a name beside it: where it is in pixels, how wide the name is, where the name stood last. */
export interface Labelled {
  readonly x: number;
  readonly y: number;
  readonly widthPx: number;
  readonly slot: number;
}

const HEIGHT_PX = 17;
const AWAY_PX = 13;
const MARK_PX = 9;
/** Below, right, above, left of the mark. */
const PLACES = [
  ({ x, y, widthPx }: Labelled) => [x - widthPx / 2, y + AWAY_PX],
  ({ x, y }: Labelled) => [x + AWAY_PX, y - HEIGHT_PX / 2],
  ({ x, y, widthPx }: Labelled) => [x - widthPx / 2, y - AWAY_PX - HEIGHT_PX],
  ({ x, y, widthPx }: Labelled) => [x - AWAY_PX - widthPx, y - HEIGHT_PX / 2],
] as const;
export const NO_SLOT: number = PLACES.length;

/**
 * A slot for each name, the first ones first, so that no name lies on another or on a mark; NO_SLOT where there is no
 * room. A name stays where it stood as long as it can, so that it does not jump about.
 */
export function labelSlots(marks: readonly Labelled[]): number[] {
  const taken: (readonly [left: number, top: number, right: number, bottom: number])[] = [];
  return marks.map((mark, own) => {
    const order = [mark.slot, ...PLACES.keys()].filter(slot => slot < NO_SLOT);
    for (const slot of order) {
      const [left = 0, top = 0] = PLACES[slot]?.(mark) ?? [];
      const [right, bottom] = [left + mark.widthPx, top + HEIGHT_PX];
      const hitsName = taken.some(box => left < box[2] && right > box[0] && top < box[3] && bottom > box[1]);
      const hitsMark = marks.some(
        ({ x, y }, other) =>
          other !== own && x > left - MARK_PX && x < right + MARK_PX && y > top - MARK_PX && y < bottom + MARK_PX,
      );
      if (hitsName || hitsMark) continue;
      taken.push([left, top, right, bottom]);
      return slot;
    }
    return NO_SLOT;
  });
}
