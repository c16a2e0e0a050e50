import { stringify } from 'yaml';
import { BOARDS } from '../kit/names.js';
import { ALERTS, type AlertRow } from './alerts.js';
import { RECORDING_RULES, type RecordingRow } from './recording.js';

const GENERATED = '# DO NOT EDIT: made by `edgetwin dashboards build` from the tables in dashboards/rules.\n';

/** Recording rules as Prometheus reads them; what each is stands above it. */
export function recordingFile(): string {
  const rows = Object.entries<RecordingRow>(RECORDING_RULES);
  const text = stringify(
    {
      groups: [
        {
          name: 'edgetwin-recording',
          rules: rows.map(([record, { expr }]) => ({ record, expr })),
        },
      ],
    },
    { lineWidth: 0 },
  );
  const said = new Map(rows.map(([record, { says }]) => [record, says]));
  return (
    GENERATED +
    text.replaceAll(/^( *)- record: "?([^"\n]+)"?$/gm, (line, indent: string, record: string) => {
      const says = said.get(record);
      return says === undefined ? line : `${indent}# ${says}\n${line}`;
    })
  );
}

/** Alert rules as Prometheus reads them. `grafana`: where people find the dashboards. */
export function alertFile(grafana: string): string {
  const rules = Object.entries<AlertRow>(ALERTS).map(([alert, row]) => ({
    alert,
    expr: row.expr,
    for: row.for,
    labels: { severity: row.severity, system: 'edgetwin' },
    annotations: { summary: row.summary, description: row.says, dashboard: `${grafana}/d/${BOARDS[row.board].uid}` },
  }));
  return GENERATED + stringify({ groups: [{ name: 'edgetwin-alerts', rules }] }, { lineWidth: 0 });
}
