/** Rows below a header, columns as wide as they need to be; numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [header, ...rows.map(row => row.map(String))];
  const widths = header.map((_, at) => cells.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), 0));
  const isNumber = header.map((_, at) => rows.length > 0 && rows.every(row => typeof row[at] === 'number'));
  return cells
    .map(row =>
      row
        .map((text, at) => (isNumber[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
