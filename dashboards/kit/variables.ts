import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { SOURCES, sourceRef, type Source } from './names.js';

/** Which data source stands for `metrics` or `twins`: ours where it is provisioned, any other Prometheus by choice. */
export function sourceVariable(source: Source): DatasourceVariableBuilder {
  const { uid, name } = SOURCES[source];
  return new DatasourceVariableBuilder(source)
    .label(source)
    .description(source === 'metrics' ? 'Prometheus that scrapes the services' : 'analytics, asked about vehicles')
    .type('prometheus')
    .current({ text: name, value: uid, selected: true })
    .multi(false)
    .includeAll(false);
}

/** Kind of a variable’s query in the editor of Grafana’s Prometheus data source. */
const LABEL_VALUES = 1;

/** The values of a label of a series. `all`: several may be chosen, and at first all are. */
export function labelVariable(
  name: string,
  options: { label: string; says: string; from: Source; series: string; of?: string; all: boolean },
): QueryVariableBuilder {
  const query = `label_values(${options.series}, ${options.of ?? name})`;
  const built = new QueryVariableBuilder(name)
    .label(options.label)
    .description(options.says)
    .datasource(sourceRef(options.from))
    .query({ qryType: LABEL_VALUES, label: options.of ?? name, metric: options.series, query, refId: 'labels' })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.NaturalAsc)
    .multi(options.all)
    .includeAll(options.all);
  if (options.all) built.allValue('.+').current({ text: 'All', value: '$__all', selected: true });
  return built;
}
