import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  HeatmapColorScale,
  PanelBuilder as Heatmap,
  HeatmapTooltipBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { filled, type PanelSpec } from './panels.js';

/** Buckets of a histogram over time: the colour is how many. */
export function heat(spec: PanelSpec): Heatmap {
  return filled(new Heatmap(), spec, 12, 9)
    .calculate(false)
    .color(
      new HeatmapColorOptionsBuilder()
        .mode(HeatmapColorMode.Scheme)
        .scheme('Blues')
        .fill('blue')
        .scale(HeatmapColorScale.Exponential)
        .exponent(0.5)
        .steps(32)
        .reverse(false),
    )
    .yAxis(new YAxisConfigBuilder().unit(spec.unit).axisPlacement(common.AxisPlacement.Left))
    .tooltip(new HeatmapTooltipBuilder().mode(common.TooltipDisplayMode.Single).yHistogram(true))
    .exemplarsColor('purple')
    .showLegend();
}
