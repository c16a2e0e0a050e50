import * as common from '@grafana/grafana-foundation-sdk/common';
import type { DataTransformerConfig, DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import {
  filled,
  thresholds,
  valueLink,
  type PanelMaker,
  type PanelSpec,
  type Steps,
  type ValueLink,
} from './panels.js';

/** A column of a table: what the data call it, and how it is shown. */
export interface Column {
  /** Label, or `Value #A` for the value of query A (`Value` where there is one query only). */
  readonly of: string;
  readonly title: string;
  readonly unit?: string;
  readonly steps?: Steps;
  readonly link?: ValueLink;
  readonly width?: number;
}

export interface TableSpec extends PanelSpec {
  /** Shown in this order; every other field is left out. */
  readonly columns: readonly Column[];
  /** Label by which the rows of several queries belong together. */
  readonly joinBy?: string;
  readonly sortBy?: { readonly title: string; readonly descending: boolean };
}

/** Rows of several queries become one row for each value of a label; only the columns named are left, renamed, in order. */
export function asColumns(columns: readonly Column[], joinBy: string | undefined): DataTransformerConfig[] {
  return [
    ...(joinBy === undefined ? [] : [{ id: 'joinByField', options: { byField: joinBy, mode: 'outer' } }]),
    { id: 'filterFieldsByName', options: { include: { names: columns.map(({ of }) => of) } } },
    {
      id: 'organize',
      options: {
        excludeByName: {},
        includeByName: {},
        indexByName: Object.fromEntries(columns.map(({ of }, index) => [of, index])),
        renameByName: Object.fromEntries(columns.map(({ of, title }) => [of, title])),
      },
    },
  ];
}

const propertiesOf = ({ unit, steps, link, width }: Column): DynamicConfigValue[] => [
  ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
  ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
  ...(steps === undefined
    ? []
    : [
        { id: 'thresholds', value: thresholds(steps).build() },
        { id: 'custom.cellOptions', value: { type: common.TableCellDisplayMode.ColorText } },
      ]),
  ...(link === undefined ? [] : [{ id: 'links', value: [valueLink(link).build()] }]),
];

export function table(spec: TableSpec): PanelMaker {
  const built = filled(new Table(), spec, 12, 10)
    .showHeader(true)
    .cellHeight(common.TableCellHeight.Sm)
    .noValue('none')
    .cellOptions({ type: common.TableCellDisplayMode.Auto })
    .transformations(asColumns(spec.columns, spec.joinBy));
  for (const column of spec.columns) {
    const properties = propertiesOf(column);
    if (properties.length > 0) built.overrideByName(column.title, properties);
  }
  const { sortBy } = spec;
  if (sortBy !== undefined)
    built.sortBy([new common.TableSortByFieldStateBuilder().displayName(sortBy.title).desc(sortBy.descending)]);
  return {
    build: () => {
      const panel = built.build();
      // Of former versions of Grafana; the SDK still adds it.
      const { footer: _, ...options } = panel.options as Record<string, unknown>;
      return { ...panel, options };
    },
  };
}
