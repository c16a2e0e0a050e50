import { stringify } from 'yaml';
import type { Vxf } from './vxf.js';

/** Name of the template inside its package, below `cloud_init/`. */
export const CLOUD_INIT = 'cloud-config.txt';

/**
 * User data of a machine, a Jinja2 template that the orchestrator fills from `additionalParamsForVnf` before the machine boots: a word that is
 * missing there fails the operation, not the order, so orders are checked against `params` first.
 */
export function cloudInitOf(vxf: Vxf): string {
  const config = {
    write_files: vxf.files.map(({ path, mode, lines }) => ({
      path,
      permissions: mode,
      content: lines.map(line => `${line}\n`).join(''),
    })),
    runcmd: vxf.run.map(line => line.split(' ')),
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}

/** The template's words that it asks for. */
export function wordsOf(template: string): Set<string> {
  return new Set(Array.from(template.matchAll(/\{\{\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*\}\}/g), ([, word = '']) => word));
}

/**
 * What is wrong with the values of an order: words that are missing or unknown, and characters that release 19 escapes as
 * HTML when it fills the template.
 */
export function faultsOf(vxf: Vxf, values: Readonly<Record<string, string>>): string[] {
  const words = wordsOf(cloudInitOf(vxf));
  return [
    ...[...words].filter(word => values[word] === undefined).map(word => `${word} is missing`),
    ...Object.keys(values)
      .filter(word => !words.has(word))
      .map(word => `${word} is not a word of ${vxf.name}`),
    ...Object.entries(values)
      .filter(([, value]) => /[<>&"'\n]/.test(value))
      .map(([word]) => `${word} holds one of < > & " ' or a line break`),
  ];
}
