/** What of a table is a setting of `edgetwin store migrate`: kept apart from its columns, and brought about by ALTER. */
export interface RetentionSettings {
  /** Days that reports are kept; 0: for ever. */
  readonly historyTtlDays: number;
  /** Days of reports that are compacted together, and leave the disk together. */
  readonly historyWindowDays: number;
  /** Days within which each replica has to be repaired, or a deleted row may come back. */
  readonly graceDays: number;
}

export interface TableOptions {
  readonly default_time_to_live: number;
  readonly gc_grace_seconds: number;
  readonly compaction: Readonly<Record<string, string>>;
  readonly compression?: Readonly<Record<string, string>>;
}

const DAY_S = 86_400;
/** An entry of the index is renewed daily while reports of its day come: it outlives the last of them by this. */
const INDEX_SLACK_DAYS = 2;

/** Options by table of the twin keyspace; tables that are not here have Cassandra's own. */
export function twinTableOptions(settings: RetentionSettings): Readonly<Record<string, TableOptions>> {
  const { historyTtlDays, historyWindowDays, graceDays } = settings;
  const gc_grace_seconds = graceDays * DAY_S;
  return {
    report_history: {
      default_time_to_live: historyTtlDays * DAY_S,
      gc_grace_seconds,
      compaction: {
        class: 'TimeWindowCompactionStrategy',
        compaction_window_unit: 'DAYS',
        compaction_window_size: String(historyWindowDays),
      },
      compression: { class: 'ZstdCompressor', chunk_length_in_kb: '64' },
    },
    report_day: {
      default_time_to_live: historyTtlDays === 0 ? 0 : (historyTtlDays + INDEX_SLACK_DAYS) * DAY_S,
      gc_grace_seconds,
      compaction: { class: 'LeveledCompactionStrategy' },
    },
    twin_live: {
      default_time_to_live: 0,
      gc_grace_seconds,
      compaction: { class: 'LeveledCompactionStrategy' },
    },
  };
}

/** What Cassandra tells in `system_schema.tables` where it is not as wanted; class names come with their package there. */
export function optionFaults(wanted: TableOptions, found: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  for (const name of ['default_time_to_live', 'gc_grace_seconds'] as const)
    if (Number(found[name]) !== wanted[name]) faults.push(`${name} is ${String(found[name])}, not ${wanted[name]}`);
  for (const name of ['compaction', 'compression'] as const) {
    const map = (found[name] ?? {}) as Readonly<Record<string, string>>;
    for (const [key, value] of Object.entries(wanted[name] ?? {})) {
      const is = key === 'class' ? map[key]?.split('.').at(-1) : map[key];
      if (is !== value) faults.push(`${name}.${key} is ${is}, not ${value}`);
    }
  }
  return faults;
}

/** Behind `ALTER TABLE … WITH`. */
export function optionsCql({ compaction, compression, ...rest }: TableOptions): string {
  const map = (values: Readonly<Record<string, string>>): string =>
    `{${Object.entries(values)
      .map(([key, value]) => `'${key}': '${value}'`)
      .join(', ')}}`;
  return [
    ...Object.entries(rest).map(([name, value]) => `${name} = ${value}`),
    `compaction = ${map(compaction)}`,
    ...(compression === undefined ? [] : [`compression = ${map(compression)}`]),
  ].join(' AND ');
}
