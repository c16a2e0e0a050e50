import assert from 'node:assert/strict';
import { parse } from 'yaml';
import { buildBoards } from '../../../dashboards/build.js';
import { SOURCES } from '../../../dashboards/kit/names.js';
import { ALERTS, type AlertRow } from '../../../dashboards/rules/alerts.js';
import { grafanaAlerts } from '../../../dashboards/rules/grafana-alerts.js';
import { RECORDING_RULES, type RecordingRow } from '../../../dashboards/rules/recording.js';
import { alertFile, recordingFile } from '../../../dashboards/rules/rule-files.js';
import { queriesOf } from '../../fakes/grafana-query.js';
import { isKnownMetric, labelsOf, namesIn, parseFault } from '../../fakes/promql-names.js';

const recording = Object.entries<RecordingRow>(RECORDING_RULES);
const alerts = Object.entries<AlertRow>(ALERTS);

describe('the rules of Prometheus', () => {
  it('are PromQL over metrics and labels that there are', () => {
    const wrong: string[] = [];
    for (const [name, { expr }] of [...recording, ...alerts]) {
      const { metrics, labels } = namesIn(expr);
      assert.equal(parseFault(expr), undefined, name);
      assert.ok(metrics.length > 0, name);
      wrong.push(...metrics.filter(metric => !isKnownMetric(metric) && !(metric in RECORDING_RULES)));
      const allowed = new Set(metrics.flatMap(labelsOf));
      wrong.push(...labels.filter(label => !allowed.has(label)).map(label => `${name}: ${label}`));
    }
    assert.deepEqual(wrong, []);
  });

  it('compute nothing that no dashboard and no alert uses', () => {
    const used = [
      ...buildBoards().flatMap(({ json }) => queriesOf(json).map(({ expr }) => expr)),
      ...alerts.map(([, { expr }]) => expr),
    ].join('\n');
    assert.deepEqual(
      recording.map(([name]) => name).filter(name => !used.includes(name)),
      [],
    );
  });

  it('tell people what it is about by labels that the alert has', () => {
    for (const [name, { expr, summary, says }] of alerts) {
      assert.match(name, /^Edgetwin[A-Z][A-Za-z]+$/);
      assert.match(says, /^[A-Z].{30,}\.$/s, name);
      const allowed = new Set(namesIn(expr).metrics.flatMap(labelsOf));
      for (const [, label = ''] of summary.matchAll(/\$labels\.(\w+)/g))
        assert.ok(allowed.has(label), `${name}: ${label}`);
    }
  });

  it('stand in files with every rule, and with what each is for', () => {
    const [group] = (parse(recordingFile()) as { groups: [{ rules: { record: string; expr: string }[] }] }).groups;
    assert.deepEqual(
      group.rules,
      recording.map(([record, { expr }]) => ({ record, expr })),
    );
    for (const [, { says }] of recording) assert.ok(recordingFile().includes(`# ${says}\n`), says);
    const file = parse(alertFile('http://g')) as { groups: [{ rules: { alert: string; annotations: object }[] }] };
    assert.deepEqual(
      file.groups[0].rules.map(({ alert }) => alert),
      alerts.map(([name]) => name),
    );
    assert.match(JSON.stringify(file.groups[0].rules[0]?.annotations), /"dashboard":"http:\/\/g\/d\/edgetwin-/);
  });
});

describe('the alerts as rules of Grafana', () => {
  interface Rule {
    readonly uid: string;
    readonly condition: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly data: readonly {
      readonly refId: string;
      readonly datasourceUid: string;
      readonly model: { expr?: string };
    }[];
  }
  const { groups } = grafanaAlerts() as { groups: [{ rules: Rule[] }] };
  const [{ rules }] = groups;

  it('ask what the rules of Prometheus ask, and fire on whatever is left', () => {
    assert.deepEqual(
      rules.map(({ data }) => data[0]?.model.expr),
      alerts.map(([, { expr }]) => expr),
    );
    for (const { condition, data } of rules) {
      assert.equal(data[0]?.datasourceUid, SOURCES.metrics.uid);
      assert.equal(data.at(-1)?.refId, condition);
    }
  });

  it('have uids that Grafana takes, and lead to dashboards that there are', () => {
    const uids = new Set(buildBoards().map(({ json }) => json.uid));
    for (const { uid, annotations } of rules) {
      assert.match(uid, /^[a-z0-9_-]{1,40}$/);
      assert.ok(uids.has(annotations['__dashboardUid__'] ?? ''));
      assert.doesNotMatch(annotations['summary'] ?? '', /\$value\b/);
    }
  });
});
