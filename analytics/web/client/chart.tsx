import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { cssColour, domainColour, onThemeChange } from './domains.js';
import { switchedAtMs, type ServingSpan } from './handover-times.js';
import type { SeriesBuffer } from './series-buffer.js';

interface ChartProps {
  title: string;
  unit: string;
  /** A value as it is written elsewhere. */
  words: (value: number | undefined) => string;
  buffer: SeriesBuffer | undefined;
  /** The same signal of the car that is compared, and its name. */
  other: SeriesBuffer | undefined;
  otherName: string | undefined;
  spans: readonly ServingSpan[];
  handovers: readonly HandoverRecord[];
  nowMs: number;
  spanMs: number;
  /** When the first of the shown signals was first heard: a chart does not begin long before. */
  beganMs: number;
}

/** The least that a chart spans. */
const LEAST_MS = 45_000;

const HEIGHT_PX = 104;
const BAND_PX = 5;
/** Half a label of the time axis: the last one may stand at the edge. */
const EDGE_PX = 26;
const sync = uPlot.sync('car');

/** One signal over the last minutes; the serving domain as a band on top, hand-overs as lines. Times in the viewer's zone. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  const plot = useRef<uPlot>();
  latest.current = props;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const make = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(options(element.clientWidth, latest), dataOf(latest.current), element);
    };
    make();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    const stopTheme = onThemeChange(make);
    return () => {
      stopTheme();
      resized.disconnect();
      plot.current?.destroy();
    };
  }, []);

  // A chart moves on once a second, and when its data or its span change; drawing is what costs.
  const { buffer, other, nowMs, spanMs, handovers } = props;
  const second = Math.floor(nowMs / 1000);
  useEffect(() => plot.current?.setData(dataOf(latest.current)), [buffer, other, second, spanMs, handovers]);
  const [value, otherValue] = [buffer, other].map(of => props.words(of?.at(nowMs) ?? undefined));
  const ofOther = props.otherName === undefined ? '' : `; ${props.otherName}: ${otherValue}`;
  return (
    <figure class="chart">
      <figcaption>
        {props.title} <span>{props.unit}</span>
        {props.otherName !== undefined && (
          <span class="other">
            <span aria-hidden="true">– – </span>
            {props.otherName}
          </span>
        )}
      </figcaption>
      <div ref={place} role="img" aria-label={`${props.title}: ${value} ${props.unit}${ofOther}`} />
    </figure>
  );
}

/** Both cars on one axis of time; a null of one is a gap, what only the other has is not. */
const dataOf = ({ buffer, other }: ChartProps): uPlot.AlignedData =>
  uPlot.join([
    [buffer?.times ?? [], buffer?.values ?? []],
    [other?.times ?? [], other?.values ?? []],
  ]);

function options(width: number, latest: { readonly current: ChartProps }): uPlot.Options {
  const axis = {
    stroke: cssColour('--muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: cssColour('--grid'), width: 1 },
    ticks: { show: false },
  };
  const accent = cssColour('--accent');
  return {
    width,
    height: HEIGHT_PX,
    padding: [BAND_PX + 3, EDGE_PX, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: sync.key }, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      x: {
        time: true,
        range: () => spanOf(latest.current),
      },
      y: { range: (_plot, min, max) => paddedRange(min, max) },
    },
    axes: [
      { ...axis, space: 64, size: 22, gap: 4, values: timeLabels },
      { ...axis, size: 44, space: 26, gap: 6 },
    ],
    series: [
      {},
      { stroke: accent, width: 1.6, fill: `${accent}1c`, spanGaps: false, points: { show: false } },
      { stroke: cssColour('--other'), width: 1.4, dash: [5, 4], spanGaps: false, points: { show: false } },
    ],
    hooks: {
      drawClear: [plot => drawHandovers(plot, latest.current)],
      setCursor: [plot => showValue(plot, latest.current)],
    },
  };
}

function spanOf({ nowMs, spanMs, beganMs }: ChartProps): [number, number] {
  const fromMs = Math.max(nowMs - spanMs, Math.min(beganMs, nowMs - LEAST_MS));
  return [fromMs / 1000, nowMs / 1000];
}

/** Zero is in view, and a still value does not lie on the edge. */
function paddedRange(min: number | null, max: number | null): [number, number] {
  const low = Math.min(0, min ?? 0);
  const high = Math.max(max ?? 1, low + 1);
  return [low, high + (high - low) * 0.08];
}

const shortTime = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const minuteTime = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const timeLabels = (_plot: uPlot, ticks: number[]): string[] => {
  const format = ticks.every(s => s % 60 === 0) ? minuteTime : shortTime;
  return ticks.map(s => format.format(s * 1000));
};

function drawHandovers(plot: uPlot, { spans, handovers }: ChartProps): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const x = (ms: number): number =>
    Math.min(bbox.left + bbox.width, Math.max(bbox.left, plot.valToPos(ms / 1000, 'x', true)));
  ctx.save();
  for (const { domain, fromMs, toMs } of spans) {
    const [left, right] = [x(fromMs), x(toMs)];
    if (right <= left) continue;
    ctx.fillStyle = domainColour(domain);
    ctx.globalAlpha = 0.95;
    ctx.fillRect(left, bbox.top - (BAND_PX + 2) * ratio, right - left, BAND_PX * ratio);
    ctx.globalAlpha = 0.06;
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
  ctx.globalAlpha = 1;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.lineWidth = ratio;
  for (const record of handovers) {
    const atMs = switchedAtMs(record);
    if (atMs === undefined) continue;
    const at = plot.valToPos(atMs / 1000, 'x', true);
    if (at < bbox.left || at > bbox.left + bbox.width) continue;
    ctx.strokeStyle = domainColour(record.toDomain);
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

/** The value under the cursor stands in the caption's corner. */
function showValue(plot: uPlot, { unit }: ChartProps): void {
  const index = plot.cursor.idx ?? -1;
  const [times, values, others] = plot.data;
  const value = values?.[index] ?? others?.[index];
  const time = times[index];
  const caption = plot.root.parentElement?.previousElementSibling;
  if (!(caption instanceof HTMLElement)) return;
  caption.dataset['cursor'] =
    typeof value !== 'number' || time === undefined
      ? ''
      : `${shortTime.format(time * 1000)}  ${Number(value.toFixed(2))} ${unit}`;
}
