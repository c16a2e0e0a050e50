import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
  type Dashboard,
  type Panel,
  type RowPanel,
  type QueryVariableBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { laidOut } from './layout.js';
import { BOARDS, TAG, sourceRef, type BoardName } from './names.js';
import type { PanelMaker } from './panels.js';
import { sourceVariable } from './variables.js';

export interface Section {
  readonly title: string;
  readonly panels: readonly PanelMaker[];
}

export interface BoardSpec {
  readonly name: BoardName;
  readonly says: string;
  readonly from: string;
  readonly variables?: readonly QueryVariableBuilder[];
  /** Matcher of the hand-overs that are marked in every graph, `{vehicle="$vehicle"}`. */
  readonly handovers: string;
  readonly sections: readonly Section[];
}

/**
 * Hand-overs as marks in every graph. The value of the series is the time of the mark, so that it stands where the car
 * changed and not at the step of the query behind it.
 */
const handoverMarks = (match: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name('hand-overs')
    .datasource(sourceRef('twins'))
    .enable(true)
    .hide(false)
    .iconColor('purple')
    .target(
      new DataqueryBuilder()
        .refId('Anno')
        .expr(`twin_handover_time_seconds${match} * 1000`)
        .interval('10s')
        .datasource(sourceRef('twins')),
    )
    .useValueForTime(true)
    .titleFormat('{{vehicle}}: {{from}} → {{to}}')
    .textFormat('{{way}}, {{result}}')
    .tagKeys('way,result');

/** Sections one below the other, each under its title. */
function panelsOf(sections: readonly Section[]): (Panel | RowPanel)[] {
  let top = 0;
  return sections.flatMap(({ title, panels }) => {
    const made = panels.map(panel => panel.build());
    const row = { ...new RowBuilder(title).build(), gridPos: { x: 0, y: top, w: 24, h: 1 } };
    const sizes = made.map(({ gridPos }) => ({ w: gridPos?.w ?? 24, h: gridPos?.h ?? 8 }));
    const { places, bottom } = laidOut(sizes, top + 1);
    top = bottom;
    return [row, ...made.map((panel, index) => ({ ...panel, ...(places[index] && { gridPos: places[index] }) }))];
  });
}

/** A dashboard with what all of ours share: data sources, links among them, the viewer's time zone, marks of hand-overs. */
export function board(spec: BoardSpec): Dashboard {
  const { uid, title } = BOARDS[spec.name];
  const built = new DashboardBuilder(`edgetwin: ${title}`)
    .uid(uid)
    .description(spec.says)
    .tags([TAG])
    .timezone('browser')
    .time({ from: spec.from, to: 'now' })
    .refresh('10s')
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(sourceVariable('metrics'))
    .withVariable(sourceVariable('twins'))
    .link(
      new DashboardLinkBuilder('edgetwin')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .icon('dashboard')
        .tooltip('the other dashboards, for the same time')
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true)
        .targetBlank(false),
    )
    .annotation(handoverMarks(spec.handovers));
  for (const variable of spec.variables ?? []) built.withVariable(variable);
  const made = built.build();
  made.panels = panelsOf(spec.sections);
  // What the SDK adds by default and Grafana's own types do not have, or would put into a menu where nobody sees it.
  for (const annotation of made.annotations.list ?? []) delete annotation.placement;
  for (const link of made.links ?? []) delete link.placement;
  for (const variable of made.templating.list ?? []) {
    delete variable.auto;
    delete variable.auto_count;
    delete variable.auto_min;
  }
  // Fixed, so that links to one panel (`viewPanel=`) stay good.
  (made.panels ?? []).forEach((panel, index) => (panel.id = index + 1));
  return made;
}
