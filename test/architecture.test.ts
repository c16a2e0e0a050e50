import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { packageRoot } from '../common/package-root.js';

const ROOT = packageRoot();
const EVERYTHING = [
  'common',
  'protocol',
  'store',
  'trace',
  'device',
  'vmd',
  'md-manager',
  'sdn-app',
  'analytics',
  'dashboards',
  'cli',
  'lab',
  'bench',
  'test',
];

/** DESIGN §3: who may import whom. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  common: [],
  protocol: ['common'],
  store: ['common', 'protocol'],
  trace: ['common', 'protocol'],
  device: ['common', 'protocol'],
  vmd: ['common', 'protocol', 'store'],
  'md-manager': ['common', 'protocol', 'store'],
  'sdn-app': ['common', 'protocol'],
  analytics: ['common', 'protocol', 'store'],
  dashboards: ['common', 'protocol'],
  cli: EVERYTHING,
  lab: EVERYTHING,
  bench: EVERYTHING,
  test: EVERYTHING,
};

/** Files that must stay pure: no `node:` module, no clock, no log. */
const PURE = [
  /^protocol\/(addresses|cbor|senml|report|sample|signals|topology|errors)\.ts$/,
  /^protocol\/coap\/(types|codec|codes|options|option-table|block|block-options|block-assembly|body-tag|observe-order|transfers)\.ts$/,
  /^protocol\/triggers\//,
  /^md-manager\/pool\/policy\//,
  /^store\/(join|ranges|types)\.ts$/,
  /^device\/gps\/(tpv|plausibility|distance|fix-age|receiver-choice|gpsd-session|nmea|nmea-cycle)\.ts$/,
  /^device\/capture\/(lines|capture|elm-script|print-report)\.ts$/,
  /^device\/doctor\/(findings|observations|words|age-text|doctor-text|(car|place|way)-checks)\.ts$/,
  /^device\/clock\/(calendar|gps-offset)\.ts$/,
  /^device\/uplink\/(sender|round-trip|range-set|key-set|replay|records|key|frames|bound|stamping)\.ts$/,
  /^device\/sampling\/fuel\.ts$/,
  /^vmd\/twin\//,
  /^md-manager\/handover\/machine\.ts$/,
  /^sdn-app\/(attachment|redirect)\//,
  /^lab\/soft-switch\/(model|flow-table|meter)\.ts$/,
  /^lab\/topology\//,
  /^lab\/drive\/(drive|drive-csv|drive-clock|engine-model|engine-thermal|geo)\.ts$/,
  /^lab\/radio\/attachment\.ts$/,
];

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map(entry => relative(ROOT, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/^\s*(\/?\*|\/\/).*$/gm, '');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(found => found[1] ?? '');
}

const FOLDERS = Object.keys(MAY_IMPORT).filter(folder => readdirSync(ROOT).includes(folder));
const FILES = FOLDERS.flatMap(folder => sources(folder));

describe('architecture', () => {
  it('sees the sources it is about', () =>
    assert.ok(FILES.length > 50 && FOLDERS.length >= 10, `${FILES.length} files`));

  it('has no import against the table of DESIGN §3', () => {
    const wrong: string[] = [];
    for (const file of FILES) {
      const folder = file.split('/')[0] ?? '';
      for (const target of importsOf(file).filter(name => name.startsWith('.'))) {
        const to = relative(ROOT, resolve(ROOT, dirname(file), target)).split('/')[0] ?? '';
        if (to !== folder && !MAY_IMPORT[folder]?.includes(to)) wrong.push(`${file} imports ${target}`);
      }
    }
    assert.deepEqual(wrong, []);
  });

  it('has no circle of files that import each other', () => {
    const known = new Set(FILES);
    const fileOf = (from: string, target: string): string | undefined => {
      const path = relative(ROOT, resolve(ROOT, dirname(from), target));
      return [path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')].find(name => known.has(name));
    };
    const targets = (file: string): string[] =>
      importsOf(file).flatMap(target => (target.startsWith('.') ? (fileOf(file, target) ?? []) : []));
    const seen = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, way: readonly string[]): void => {
      const begun = way.indexOf(file);
      if (begun >= 0) circles.push([...way.slice(begun), file].join(' -> '));
      if (seen.has(file)) return;
      seen.add(file);
      for (const target of targets(file)) visit(target, [...way, file]);
    };
    for (const file of FILES) visit(file, []);
    assert.deepEqual(circles, []);
  });

  it('keeps pure files free of I/O, clocks and logs', () => {
    const wrong: string[] = [];
    for (const file of FILES.filter(name => PURE.some(pattern => pattern.test(name)))) {
      for (const target of importsOf(file)) {
        if (target.startsWith('node:') || /common\/(log|clock|metrics|lifecycle)\.js$/.test(target))
          wrong.push(`${file} imports ${target}`);
      }
      const text = readFileSync(join(ROOT, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
      if (/Date\.now\(|performance\.now\(|Math\.random\(|new Date\(\)|setTimeout\(|process\./.test(text))
        wrong.push(`${file} reads a clock, chance or the process`);
    }
    assert.deepEqual(wrong, []);
  });

  it('has every logged event in the list, and no event that nobody logs', () => {
    const list = readFileSync(join(ROOT, 'protocol/events.ts'), 'utf8');
    const known = new Set([...list.matchAll(/'([a-z-]+\.[a-z.-]+)'/g)].map(found => found[1] ?? ''));
    const used = new Set<string>();
    for (const file of FILES.filter(name => !name.startsWith('test/') && name !== 'protocol/events.ts')) {
      for (const found of readFileSync(join(ROOT, file), 'utf8').matchAll(/event: '([^']+)'/g))
        used.add(found[1] ?? '');
    }
    const dotted = [...used].filter(name => name.includes('.'));
    assert.deepEqual(
      { unlisted: dotted.filter(name => !known.has(name)), unused: [...known].filter(name => !used.has(name)) },
      { unlisted: [], unused: [] },
    );
  });

  it('speaks of the project alone', () => {
    const wrong = FILES.filter(
      file =>
        /\/(work|farm)\/[a-z]|\bworkplace\b|\bsandbox\b/.test(readFileSync(join(ROOT, file), 'utf8')) &&
        file !== 'test/architecture.test.ts',
    );
    assert.deepEqual(wrong, []);
  });
});
