import {
  FrameGeometrySourceBuilder,
  FrameGeometrySourceMode,
  MapLayerOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import type { DataTransformerConfig } from '@grafana/grafana-foundation-sdk/dashboard';
import {
  ControlsOptionsBuilder,
  MapCenterID,
  MapViewConfigBuilder,
  PanelBuilder as Geomap,
  TooltipMode,
  TooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/geomap';
import { filled, type PanelSpec } from './panels.js';

export interface MapSpec extends PanelSpec {
  readonly transformations: readonly DataTransformerConfig[];
  /** `vehicles`: a marker for each row. `way`: a line through the rows, and a marker at the newest. */
  readonly shows: 'vehicles' | 'way';
}

const at = (): FrameGeometrySourceBuilder =>
  new FrameGeometrySourceBuilder().mode(FrameGeometrySourceMode.Coords).latitude('latitude').longitude('longitude');

const marker = (size: number): Record<string, unknown> => ({
  size: { fixed: size, max: 15, min: 2 },
  symbol: { fixed: 'img/icons/marker/circle.svg', mode: 'fixed' },
  symbolAlign: { horizontal: 'center', vertical: 'center' },
  opacity: 0.9,
});

const LAYERS = {
  vehicles: () => [
    new MapLayerOptionsBuilder()
      .type('markers')
      .name('vehicles')
      .location(at())
      .tooltip(true)
      .config({
        showLegend: false,
        style: {
          ...marker(7),
          color: { field: 'age', fixed: 'blue' },
          text: { field: 'vehicle', fixed: '', mode: 'field' },
          textConfig: { fontSize: 12, offsetX: 0, offsetY: -14, textAlign: 'center', textBaseline: 'middle' },
        },
      }),
  ],
  way: () => [
    new MapLayerOptionsBuilder()
      .type('route')
      .name('way')
      .location(at())
      .tooltip(false)
      .config({ arrow: 1, style: { color: { fixed: 'blue' }, lineWidth: 3, opacity: 0.8 } }),
  ],
} as const;

/** A map by the fields `latitude` and `longitude`. The base map is the one that the administrator of Grafana has chosen. */
export function map(spec: MapSpec): Geomap {
  return filled(new Geomap(), spec, 14, 14)
    .view(new MapViewConfigBuilder().id(MapCenterID.Fit).allLayers(true).zoom(14).padding(20).shared(true))
    .controls(
      new ControlsOptionsBuilder()
        .showZoom(true)
        .mouseWheelZoom(false) // on a phone and on a long page the map must not catch what is meant for the page
        .showAttribution(true)
        .showScale(true)
        .showMeasure(false)
        .showDebug(false),
    )
    .basemap(new MapLayerOptionsBuilder().type('default').name('base map').config({}))
    .layers(LAYERS[spec.shows]())
    .tooltip(new TooltipOptionsBuilder().mode(TooltipMode.Details))
    .transformations([...spec.transformations]);
}
