import type { Dashboard, Panel } from '@grafana/schema';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as timeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/**
 * What `generate.ts` makes JSON Schema of: Grafana's own types of a dashboard, of a panel, and of what the kinds of panel
 * that we use take. The map's (geomap) are left out: no schema can be made of them.
 */
export interface GrafanaShapes {
  dashboard: Dashboard;
  panel: Panel;
  /** By `type` of a panel. */
  panels: {
    timeseries: { options: timeseries.Options; custom: timeseries.FieldConfig };
    stat: { options: stat.Options };
    bargauge: { options: bargauge.Options };
    table: { options: table.Options; custom: table.FieldConfig };
    'state-timeline': { options: timeline.Options; custom: timeline.FieldConfig };
    heatmap: { options: heatmap.Options; custom: heatmap.FieldConfig };
    text: { options: text.Options };
  };
}
