/** The form of a JSON value: its keys and types, without its values; of an array the form of its first element. */
export function shapeOf(value: unknown): unknown {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'empty list' : [shapeOf(value[0])];
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      // Ids of objects are keys in places (`vim-network-name`).
      .map(([key, one]) => [/^[0-9a-f-]{36}$/.test(key) ? '<id>' : key, shapeOf(one)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
