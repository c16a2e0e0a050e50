import type { Observations } from './observations.js';

/** `note`: worth knowing, and nothing to do about it now. */
export const SEVERITIES = ['ok', 'note', 'warning', 'fault'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What was seen, what it means, and what to do: in words of whoever drives the car. */
export interface Finding {
  readonly severity: Severity;
  readonly seen: string;
  /** Left out where nothing is wrong. */
  readonly means?: string;
  readonly todo?: string;
}

/** One question to what was seen; `undefined` where it cannot be asked (no adapter, no bus to it). */
export interface Check {
  readonly name: string;
  readonly look: (seen: Observations) => Finding | undefined;
}

export interface NamedFinding extends Finding {
  readonly check: string;
}

export const ok = (seen: string): Finding => ({ severity: 'ok', seen });
export const note = (seen: string, means?: string, todo?: string): Finding => finding('note', seen, means, todo);
export const warning = (seen: string, means: string, todo: string): Finding => finding('warning', seen, means, todo);
export const fault = (seen: string, means: string, todo: string): Finding => finding('fault', seen, means, todo);

const finding = (severity: Severity, seen: string, means?: string, todo?: string): Finding => ({
  severity,
  seen,
  ...(means === undefined ? {} : { means }),
  ...(todo === undefined ? {} : { todo }),
});

export function findingsOf(checks: readonly Check[], seen: Observations): NamedFinding[] {
  return checks.flatMap(({ name, look }) => {
    const found = look(seen);
    return found === undefined ? [] : [{ check: name, ...found }];
  });
}

export const worst = (findings: readonly Finding[]): Severity =>
  SEVERITIES.findLast(severity => findings.some(finding => finding.severity === severity)) ?? 'ok';

/** 0 fine, 1 warnings, 2 faults. */
export const exitCodeOf = (findings: readonly Finding[]): number =>
  ({ ok: 0, note: 0, warning: 1, fault: 2 })[worst(findings)];
