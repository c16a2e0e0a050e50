import { worst, type NamedFinding, type Severity } from './findings.js';
import type { Observations } from './observations.js';

const SIGNS: Readonly<Record<Severity, string>> = { ok: 'ok', note: 'note', warning: 'WARNING', fault: 'FAULT' };
const SIGN_CHARS = 8;
const WIDTH = 110;

/** The findings for people: a line each, and below it what it means and what to do. */
export function doctorText({ vehicle, takenAt }: Observations, findings: readonly NamedFinding[]): string {
  const names = Math.max(...findings.map(({ check }) => check.length));
  const margin = ' '.repeat(SIGN_CHARS + names + 2);
  const lines = findings.flatMap(({ severity, check, seen, means, todo }) => [
    ...wrapped(`${SIGNS[severity].padEnd(SIGN_CHARS)}${check.padEnd(names)}  `, seen, margin),
    ...(means === undefined ? [] : wrapped(`${margin}means: `, means, `${margin}       `)),
    ...(todo === undefined ? [] : wrapped(`${margin}do:    `, todo, `${margin}       `)),
  ]);
  const head = `edgetwin doctor${vehicle === undefined ? '' : `, ${vehicle}`}, ${takenAt.slice(0, 19)}Z`;
  return `${[head, '', ...lines, '', summary(findings)].join('\n')}\n`;
}

function wrapped(first: string, text: string, margin: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const isStart = line === first || line === margin;
    if (!isStart && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = margin;
    }
    line += (line === first || line === margin ? '' : ' ') + word;
  }
  return [...lines, line];
}

function summary(findings: readonly NamedFinding[]): string {
  const count = (severity: Severity, one: string, many: string): string[] => {
    const number = findings.filter(finding => finding.severity === severity).length;
    return number === 0 ? [] : [`${number} ${number === 1 ? one : many}`];
  };
  const worstOfAll = worst(findings);
  if (worstOfAll === 'ok' || worstOfAll === 'note') return 'All is well.';
  // A warning above a fault is not what keeps the reports back.
  const first = findings.find(({ severity }) => severity === worstOfAll)?.check ?? '';
  return `${[...count('fault', 'fault', 'faults'), ...count('warning', 'warning', 'warnings')].join(', ')}. Begin with: ${first}.`;
}
