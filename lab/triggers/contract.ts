import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { packageRoot } from '../../common/package-root.js';

export const CONTRACTS = ['smf', 'nef', 'mec-location', 'mec-mobility'] as const;

/** Of formats what matters here; that of a number is its range in other languages. */
const FORMATS: Readonly<Record<string, true | ((text: string) => boolean)>> = {
  uri: text => URL.canParse(text),
  anyURI: true,
  'date-time': text => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text),
  ipv4: text => /^(\d{1,3}\.){3}\d{1,3}$/.test(text),
  ipv6: true,
  uint32: true,
};

/** Schemas of one interface, as its standard has them (OpenAPI components, or JSON Schema). */
export class Contract {
  readonly #ajv: Ajv2020;
  readonly #name: string;

  private constructor(name: string, document: object) {
    this.#name = name;
    this.#ajv = new Ajv2020({ strict: false, allErrors: false, discriminator: false });
    for (const [format, check] of Object.entries(FORMATS)) this.#ajv.addFormat(format, check);
    this.#ajv.addSchema(document, name);
  }

  /** Ours, of `lab/triggers/contracts`. */
  static of(name: (typeof CONTRACTS)[number]): Contract {
    return Contract.read(join(packageRoot(), 'lab/triggers/contracts', `${name}.yaml`));
  }

  static read(file: string): Contract {
    const text = readFileSync(file, 'utf8');
    // Of an OpenAPI document only these matter; what stands before them is not always YAML.
    const [components] = /^components:\n(?:[ #\n].*\n?)*/m.exec(text) ?? [];
    return new Contract('contract', parse(components ?? text) as object);
  }

  /** What is wrong with a body; nothing where it is as the schema of this name says. */
  fault(schema: string, body: unknown, where = '/components/schemas/'): string | undefined {
    const check = this.#ajv.getSchema(`${this.#name}#${where}${schema}`);
    if (check === undefined) throw new Error(`${this.#name} has no schema ${schema}`);
    if (check(body) === true) return undefined;
    const [error] = check.errors ?? [];
    return `${schema}${error?.instancePath ?? ''} ${error?.message ?? 'is not valid'}`;
  }
}
