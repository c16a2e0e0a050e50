import { PanelBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import type { PanelMaker } from './panels.js';

/** Alerts that are pending or fire, of Grafana and of its Prometheus alike. The SDK knows no such panel of its own. */
export const alertList = (wide: number, high: number): PanelMaker => {
  const built = new PanelBuilder()
    .type('alertlist')
    .title('Alerts')
    .description('Alerts of edgetwin that are pending or fire, newest first.')
    .span(wide)
    .height(high);
  return {
    build: () => ({
      ...built.build(),
      options: {
        alertInstanceLabelFilter: '',
        alertName: '',
        dashboardAlerts: false,
        groupBy: [],
        groupMode: 'default',
        maxItems: 20,
        sortOrder: 3,
        stateFilter: { error: true, firing: true, noData: false, normal: false, pending: true },
        viewMode: 'list',
      },
    }),
  };
};
