import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
  type Dashboard,
  type QueryVariableBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
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
    .expr(`twin_handover_time_seconds${match} * 1000`)
    .step('10s')
    .useValueForTime(true)
    .titleFormat('{{vehicle}}: {{from}} → {{to}}')
    .textFormat('{{way}}, {{result}}')
    .tagKeys('way,result');

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
  for (const section of spec.sections) {
    built.withRow(new RowBuilder(section.title));
    for (const panel of section.panels) built.withPanel(panel);
  }
  const made = built.build();
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
