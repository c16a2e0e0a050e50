import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { Ajv, type ValidateFunction } from 'ajv';
import { packageRoot } from '../../../common/package-root.js';
import { buildBoards, stableText } from '../../../dashboards/build.js';
import { BOARDS, TAG } from '../../../dashboards/kit/names.js';
import { RECORDING_RULES } from '../../../dashboards/rules/recording.js';
import { TWIN_SERIES } from '../../../protocol/twin-series.js';
import { signalByPath, SIGNALS } from '../../../protocol/signals.js';
import { labelQueriesOf, panelsOf, queriesOf, targetsOf } from '../../fakes/grafana-query.js';
import { isKnownMetric, labelsOf, namesIn, parseFault, withoutVariables } from '../../fakes/promql-names.js';

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
}
const SCHEMA = join(packageRoot(), 'dashboards', 'schema', 'grafana.schema.json');
const built = buildBoards();
const boards = built.map(({ json }) => json);

const shapes = (JSON.parse(readFileSync(SCHEMA, 'utf8')) as { definitions: { GrafanaShapes: Shape } }).definitions
  .GrafanaShapes;
const compiled = new Map<string, ValidateFunction>();

/** Part of the schema by the way to it through the properties. */
function validatorOf(...path: readonly string[]): ValidateFunction {
  const known = compiled.get(path.join('.'));
  if (known !== undefined) return known;
  let part = shapes;
  for (const name of path) {
    const inner = part.properties?.[name];
    assert.ok(inner !== undefined, `the schema has no ${path.join('.')}`);
    part = inner;
  }
  const made = new Ajv({ strict: false, allErrors: true }).compile(part);
  compiled.set(path.join('.'), made);
  return made;
}

const faultsOf = (validate: ValidateFunction, value: unknown): unknown[] =>
  validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message, params }) => ({ instancePath, message, params }));

/** A mark's query, and what the Prometheus data source adds to it, are not among Grafana's own types. */
function withoutMarkFormats(board: Dashboard): unknown {
  const list = board.annotations.list?.map(
    ({ titleFormat: _1, textFormat: _2, tagKeys: _3, useValueForTime: _4, target: _5, ...rest }) => rest,
  );
  return plain({ ...board, annotations: { list } });
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('the dashboards, by Grafana’s own types', () => {
  const board = validatorOf('dashboard');
  const panel = validatorOf('panel');

  for (const { json } of built) {
    it(`${json.title} is a dashboard`, () => assert.deepEqual(faultsOf(board, withoutMarkFormats(json)), []));

    it(`${json.title} has panels with options of their kinds`, () => {
      for (const one of panelsOf(json)) {
        assert.deepEqual(faultsOf(panel, plain(one)), [], one.title ?? '');
        if (one.type === 'geomap' || one.type === 'alertlist') continue; // of these there is no schema
        assert.deepEqual(faultsOf(validatorOf('panels', one.type, 'options'), plain(one.options)), [], one.title ?? '');
        const custom = one.fieldConfig?.defaults.custom as unknown;
        if (custom !== undefined && Object.keys(custom as object).length > 0)
          assert.deepEqual(faultsOf(validatorOf('panels', one.type, 'custom'), plain(custom)), [], one.title ?? '');
      }
    });
  }

  it('would be refused with a broken place or an unknown key', () => {
    const [json] = boards;
    const broken = plain(json) as Dashboard;
    (broken.panels?.[0] as Panel).gridPos = { x: 0, y: 0, w: 'wide' as unknown as number, h: 4 };
    assert.notDeepEqual(faultsOf(board, withoutMarkFormats(broken)), []);
    assert.notDeepEqual(faultsOf(board, { ...(withoutMarkFormats(json!) as object), pannels: [] }), []);
  });
});

describe('the expressions of the dashboards', () => {
  const all = boards.flatMap(queriesOf);
  const labels = boards.flatMap(labelQueriesOf);

  it('are many, of both data sources', () => {
    assert.ok(all.length > 100, String(all.length));
    assert.deepEqual([...new Set(all.map(({ source }) => source))].sort(), ['metrics', 'twins']);
  });

  it('are PromQL', () => {
    const faults = all.map(({ name, expr }) => [name, parseFault(withoutVariables(expr))]);
    assert.deepEqual(
      faults.filter(([, fault]) => fault !== undefined),
      [],
    );
    assert.notEqual(parseFault('sum(rate(x[5m])'), undefined);
  });

  it('name only series that the services, the rules or analytics have, and only labels of these', () => {
    const wrong: string[] = [];
    for (const { name, expr, source } of [
      ...all,
      ...labels.map(({ name, series, source, label }) => ({ name, expr: `sum by (${label}) (${series})`, source })),
    ]) {
      const known = (metric: string): boolean =>
        source === 'twins' ? metric in TWIN_SERIES : isKnownMetric(metric) || metric in RECORDING_RULES;
      const names = namesIn(withoutVariables(expr));
      assert.ok(names.metrics.length > 0, name);
      wrong.push(...names.metrics.filter(metric => !known(metric)).map(metric => `${name}: ${metric}`));
      const allowed = new Set(names.metrics.flatMap(metric => labelsOf(metric)));
      wrong.push(...names.labels.filter(label => !allowed.has(label)).map(label => `${name}: label ${label}`));
    }
    assert.deepEqual(wrong, []);
  });

  it('name only variables that the dashboard has', () => {
    for (const board of boards) {
      const names = new Set((board.templating.list ?? []).map(({ name }) => name));
      const used = queriesOf(board).flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)].map(found => found[1] ?? ''));
      assert.deepEqual(
        used.filter(name => !names.has(name) && !/^__(range|interval|rate_interval)$/.test(name)),
        [],
        board.title,
      );
      const chosen = [...names].filter(name => name !== 'metrics' && name !== 'twins');
      assert.deepEqual(
        chosen.filter(name => !used.includes(name)),
        [],
        `${board.title} has variables that nothing uses`,
      );
    }
  });

  it('name only signals of the catalogue, and among them all of the paper', () => {
    const vehicle = boards.find(({ uid }) => uid === BOARDS.vehicle.uid);
    const named = boards.flatMap(queriesOf).flatMap(({ expr }) => /signal="([^"$]+)"/.exec(expr)?.[1] ?? []);
    assert.deepEqual(
      named.filter(path => signalByPath(path) === undefined),
      [],
    );
    const shown = queriesOf(vehicle!).flatMap(({ expr }) => /signal="([^"$]+)"/.exec(expr)?.[1] ?? []);
    const paper = SIGNALS.filter(row => row.paper).map(({ path }) => path);
    assert.equal(paper.length, 14); // the position is one of the thirteen and two rows
    assert.deepEqual(
      paper.filter(path => !shown.includes(path)),
      [],
    );
  });
});

describe('what people see of the dashboards', () => {
  for (const board of boards) {
    it(`${board.title}: no panel lies on another, and none beside the grid`, () => {
      const taken = new Map<string, string>();
      for (const panel of board.panels ?? []) {
        const { x, y, w, h } = panel.gridPos!;
        assert.ok(x >= 0 && x + w <= 24 && h >= 1, `${panel.title} at ${x}, ${w} wide`);
        for (let column = x; column < x + w; column++)
          for (let row = y; row < y + h; row++) {
            assert.equal(taken.get(`${column} ${row}`), undefined, `${panel.title} lies on another panel`);
            taken.set(`${column} ${row}`, panel.title ?? '');
          }
      }
    });

    it(`${board.title}: rows of panels are full, so that none stands alone beside nothing`, () => {
      const panels = panelsOf(board);
      const bottom = Math.max(...panels.map(({ gridPos }) => gridPos!.y + gridPos!.h));
      for (let row = 0; row < bottom; row++) {
        const across = (board.panels ?? []).filter(({ gridPos }) => gridPos!.y <= row && row < gridPos!.y + gridPos!.h);
        const wide = across.reduce((sum, { gridPos }) => sum + gridPos!.w, 0);
        assert.ok(wide >= 12, `row ${row} of ${board.title} is ${wide} wide`);
      }
    });

    it(`${board.title}: every panel says what it shows, in which unit, and fits a phone`, () => {
      for (const panel of panelsOf(board)) {
        const { title = '', description = '', gridPos, fieldConfig, type } = panel;
        assert.ok(title.length > 0 && title.length <= 32, `'${title}' does not fit above a narrow panel`);
        assert.match(description, /^[A-Z].{15,}\.$/s, title);
        assert.ok(gridPos!.h >= (type === 'stat' ? 3 : 5), `${title} is too low to read`);
        if (type === 'text' || type === 'alertlist') continue;
        assert.ok((fieldConfig?.defaults.unit ?? '') !== '', `${title} has no unit`);
        assert.ok((fieldConfig?.defaults.thresholds?.steps.length ?? 0) > 0, `${title} has no colours`);
        assert.equal(fieldConfig?.defaults.thresholds?.steps[0]?.value, null, title);
        const refIds = targetsOf(panel).map(({ refId }) => refId);
        assert.equal(new Set(refIds).size, refIds.length, title);
      }
      const titles = panelsOf(board).map(({ title }) => title);
      assert.equal(new Set(titles).size, titles.length, `${board.title} has two panels of one name`);
    });

    it(`${board.title}: colours are names of the palette, which suit dark and light`, () => {
      const colours = JSON.stringify(board).match(/"color":"[^"]+"|"iconColor":"[^"]+"/g) ?? [];
      assert.deepEqual(
        colours.filter(colour => !/"(green|yellow|orange|red|blue|purple)"/.test(colour)),
        [],
      );
    });

    it(`${board.title}: times are those of the viewer, the others are one click away`, () => {
      assert.equal(board.timezone, 'browser');
      assert.deepEqual(
        board.links?.map(({ type, tags, keepTime, includeVars }) => ({ type, tags, keepTime, includeVars })),
        [{ type: 'dashboards', tags: [TAG], keepTime: true, includeVars: true }],
      );
      assert.deepEqual(board.tags, [TAG]);
      for (const url of JSON.stringify(board).match(/\/d\/[a-z-]+/g) ?? [])
        assert.ok(
          boards.some(({ uid }) => url === `/d/${uid}`),
          `${url} leads nowhere`,
        );
    });

    it(`${board.title}: needs no plugin that Grafana does not have itself`, () => {
      const core = [
        'timeseries',
        'stat',
        'bargauge',
        'table',
        'state-timeline',
        'heatmap',
        'geomap',
        'text',
        'alertlist',
      ];
      assert.deepEqual(
        panelsOf(board).filter(({ type }) => !core.includes(type)),
        [],
      );
    });
  }

  it('a map finds its latitude and longitude among its columns', () => {
    for (const panel of boards.flatMap(panelsOf).filter(({ type }) => type === 'geomap')) {
      const shown = JSON.stringify([panel.transformations, targetsOf(panel)]);
      const options = panel.options as { layers: { location: { latitude: string; longitude: string } }[] };
      for (const { location } of options.layers)
        for (const field of [location.latitude, location.longitude]) assert.ok(shown.includes(`:"${field}"`), field);
    }
  });

  it('a gap stays a gap in every graph', () => {
    for (const panel of boards.flatMap(panelsOf).filter(({ type }) => type === 'timeseries'))
      assert.equal((panel.fieldConfig?.defaults.custom as { spanNulls?: unknown }).spanNulls, false, panel.title);
  });
});

describe('the files of the dashboards', () => {
  it('are the same whenever they are built, in order, and have a version of their content', () => {
    assert.deepEqual(
      buildBoards().map(({ text }) => text),
      built.map(({ text }) => text),
    );
    assert.equal(
      stableText({ b: 1, a: { d: undefined, c: [2, { f: 1, e: 2 }] } }),
      '{\n  "a": {\n    "c": [\n      2,\n      {\n        "e": 2,\n        "f": 1\n      }\n    ]\n  },\n  "b": 1\n}\n',
    );
    assert.equal(new Set(boards.map(({ version }) => version)).size, boards.length);
  });

  it('have uids that links and bookmarks may hold', () => {
    assert.deepEqual(
      boards.map(({ uid }) => uid),
      Object.values(BOARDS).map(({ uid }) => uid),
    );
    for (const { json } of built)
      assert.deepEqual(
        json.panels?.map(({ id }) => id),
        json.panels?.map((_, index) => index + 1),
      );
  });
});
