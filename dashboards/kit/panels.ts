import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type DashboardLink,
  type Panel,
  type PanelBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Text, TextMode } from '@grafana/grafana-foundation-sdk/text';
import { PanelBuilder as Timeseries } from '@grafana/grafana-foundation-sdk/timeseries';
import { sourceRef } from './names.js';
import { target, type Query } from './queries.js';

/** Anything of the SDK that builds a panel. */
export interface PanelMaker {
  build(): Panel;
}

/** From which value on which colour; the first holds from minus infinity on. Names of Grafana's palette suit dark and light. */
export type Steps = readonly (readonly [from: number | null, colour: string])[];

export interface PanelSpec {
  readonly title: string;
  /** What it shows, and what to think of it: the `i` beside the title. */
  readonly says: string;
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns; on a phone every panel has the whole width. */
  readonly wide?: number;
  readonly high?: number;
  readonly steps?: Steps;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** Where a click on a value leads. */
  readonly link?: ValueLink;
}

export const PLAIN: Steps = [[null, 'blue']];
/** Good while it is 0. */
export const ZERO_IS_GOOD: Steps = [
  [null, 'green'],
  [1, 'red'],
];

/** The part of the SDK's panels that all kinds share. */
type Common<T> = {
  [
    K in
      | 'title'
      | 'description'
      | 'datasource'
      | 'unit'
      | 'span'
      | 'height'
      | 'decimals'
      | 'min'
      | 'max'
      | 'thresholds'
      | 'dataLinks'
      | 'withTarget'
  ]: (...args: Parameters<PanelBuilder[K]>) => T;
};

export const thresholds = (steps: Steps): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps.map(([value, color]) => ({ value, color })));

/** Where a click on a value leads: Grafana's data link, which has less than the link of a dashboard that the SDK gives it. */
export interface ValueLink {
  readonly title: string;
  readonly url: string;
}

export const valueLink = ({ title, url }: ValueLink): { build(): DashboardLink } => ({
  build: () => ({ title, url, targetBlank: false }) as DashboardLink,
});

/** Puts what every panel has on one of the SDK's builders. */
export function filled<T extends Common<T>>(builder: T, spec: PanelSpec, wide: number, high: number): T {
  builder
    .title(spec.title)
    .description(spec.says)
    .unit(spec.unit)
    .datasource(sourceRef(spec.queries[0]?.from ?? 'metrics'))
    .span(spec.wide ?? wide)
    .height(spec.high ?? high)
    .thresholds(thresholds(spec.steps ?? PLAIN));
  spec.queries.forEach((query, place) => builder.withTarget(target(query, place)));
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  if (spec.link !== undefined) builder.dataLinks([valueLink(spec.link)]);
  return builder;
}

const legend = (): common.VizLegendOptionsBuilder =>
  new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true);

/** Lines over time. A step without a value stays a gap. `stacked`: parts of a whole. `limits`: the steps as dashed lines. */
export function graph(
  spec: PanelSpec & { readonly stacked?: true; readonly limits?: true; readonly log?: true },
): Timeseries {
  const built = filled(new Timeseries(), spec, 12, 8)
    .spanNulls(false)
    .showPoints(common.VisibilityMode.Auto)
    .lineWidth(2)
    .fillOpacity(spec.stacked ? 30 : 8)
    .legend(legend())
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
  if (spec.stacked) built.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A'));
  if (spec.limits)
    built.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed));
  if (spec.log)
    built.scaleDistribution(new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10));
  return built;
}

const lastValue = (): common.ReduceDataOptionsBuilder =>
  new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false);

/** One big number for each series. `names`: their names instead of their values. */
export function stat(spec: PanelSpec & { readonly names?: true; readonly spark?: true }): Stat {
  return filled(new Stat(), spec, 4, 4)
    .reduceOptions(lastValue())
    .colorMode(spec.steps === undefined ? common.BigValueColorMode.None : common.BigValueColorMode.Value)
    .graphMode(spec.spark ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
    .textMode(spec.names ? common.BigValueTextMode.Name : common.BigValueTextMode.Auto)
    .justifyMode(common.BigValueJustifyMode.Auto)
    .noValue('none');
}

/** A horizontal bar for each series, by its newest value. */
export function bars(spec: PanelSpec): BarGauge {
  return filled(new BarGauge(), spec, 8, 8)
    .reduceOptions(lastValue())
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .valueMode(common.BarGaugeValueMode.Text)
    .namePlacement(common.BarGaugeNamePlacement.Left)
    .showUnfilled(true)
    .noValue('none');
}

/** A band for each series, coloured where it has a value: who serves, what is up. `words` for its values. */
export function band(
  spec: PanelSpec & { readonly words: Readonly<Record<string, readonly [string, string]>> },
): StateTimeline {
  return filled(new StateTimeline(), spec, 24, 6)
    .mappings([
      {
        type: MappingType.ValueToText,
        options: Object.fromEntries(
          Object.entries(spec.words).map(([value, [text, color]], index) => [value, { text, color, index }]),
        ),
      },
    ])
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .mergeValues(true)
    .showValue(common.VisibilityMode.Auto)
    .rowHeight(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(legend());
}

/** Words in Markdown. */
export const words = (title: string, says: string, content: string, wide: number, high: number): Text =>
  new Text().title(title).description(says).mode(TextMode.Markdown).content(content).span(wide).height(high);
