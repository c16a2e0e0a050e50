/** What stands at the top of every generated file. */
export const GENERATED = 'DO NOT EDIT: made by `node dist/lab/docs/generate.js`';

/** A page: a line that says where it comes from, a title, words, then sections. */
export function page(title: string, words: string, sections: readonly string[]): string {
  return `${[`<!-- ${GENERATED} -->`, `# ${title}`, words, ...sections].join('\n\n')}\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escape).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

export const code = (text: string): string => `\`${text}\``;

const escape = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
