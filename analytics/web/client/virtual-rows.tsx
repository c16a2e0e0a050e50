import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

interface VirtualRowsProps<T> {
  readonly rows: readonly T[];
  /** All rows are this high. */
  readonly rowPx: number;
  readonly label: string;
  /** This row is brought into view when it changes. */
  readonly shown: number;
  onKeyDown(event: KeyboardEvent): void;
  row(row: T, at: number): ComponentChildren;
}

/** Rows beyond both edges, so that a quick scroll does not show blanks. */
const SPARE = 6;

/** A list box that draws only the rows in view, so that a thousand cost as much as ten. */
export function VirtualRows<T>({ rows, rowPx, label, shown, onKeyDown, row }: VirtualRowsProps<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const look = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    look();
    element.addEventListener('scroll', look, { passive: true });
    const resized = new ResizeObserver(look);
    resized.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      resized.disconnect();
    };
  }, []);
  useEffect(() => {
    const element = box.current;
    if (element === null || shown < 0) return;
    const top = shown * rowPx;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + rowPx > element.scrollTop + element.clientHeight)
      element.scrollTop = top + rowPx - element.clientHeight;
  }, [shown]);
  const from = Math.max(0, Math.floor(view.top / rowPx) - SPARE);
  const to = Math.min(rows.length, Math.ceil((view.top + view.height) / rowPx) + SPARE);
  return (
    <div class="car-rows" role="listbox" aria-label={label} ref={box} onKeyDown={onKeyDown}>
      <div class="rows-all" style={{ height: `${rows.length * rowPx}px` }}>
        <div style={{ transform: `translateY(${from * rowPx}px)` }}>
          {rows.slice(from, to).map((one, i) => row(one, from + i))}
        </div>
      </div>
    </div>
  );
}
