import { countText, phaseText } from './format.js';
import { medianTo } from './handover-times.js';
import type { PageStore } from './store.js';

interface Count {
  readonly label: string;
  readonly value: number | undefined;
  readonly hint: string;
  /** `zero`: anything else is bad news. */
  readonly should?: 'zero';
  readonly text?: string;
}

/** What happened to every report and every hand-over, so that "nothing was lost" is a count. */
export function CountStrip({ store }: { store: PageStore }) {
  const { counts } = store;
  const reports = counts?.reports;
  const handovers = counts?.handovers;
  const median = medianTo('activated', store.handoverList());
  const groups: readonly { readonly name: string; readonly rows: readonly Count[] }[] = [
    {
      name: 'Reports',
      rows: [
        { label: 'stored', value: reports?.stored, hint: 'distinct reports (vehicle, boot, seq) in the store' },
        { label: 'lost', value: reports?.lost, should: 'zero', hint: 'missing for longer than any outbox needs' },
        {
          label: 'duplicated',
          value: reports?.duplicated,
          should: 'zero',
          hint: 'reports that stand twice in the store',
        },
        {
          label: 'on their way',
          value: reports?.awaited,
          hint: 'seqs that have not come yet: in an outbox or on the air',
        },
        { label: 'dropped', value: reports?.dropped, hint: 'given up by a device, and declared' },
      ],
    },
    {
      name: 'Hand-overs',
      rows: [
        { label: 'completed', value: handovers?.completed, hint: 'moves of a twin between domains or hosts' },
        { label: 'failed', value: handovers?.failed, should: 'zero', hint: 'ended on the old twin' },
        { label: 'running', value: handovers?.running, hint: 'in progress now' },
        {
          label: 'median to active',
          value: median,
          hint: 'from detected to activated, over the completed moves shown',
          ...(median === undefined ? {} : { text: `${phaseText(median)}${median < 10_000 ? ' ms' : ''}` }),
        },
      ],
    },
  ];
  return (
    <section class="counts" aria-label="Counts">
      {groups.map(({ name, rows }) => (
        <div key={name} class="count-group">
          <h2 class="count-name">{name}</h2>
          <dl>
            {rows.map(row => (
              <div key={row.label} class={`count ${judge(row)}`} title={row.hint} data-count={`${name} ${row.label}`}>
                <dt>{row.label}</dt>
                <dd>{row.value === undefined ? '–' : (row.text ?? countText(row.value))}</dd>
              </div>
            ))}
          </dl>
        </div>
      ))}
    </section>
  );
}

const judge = ({ should, value }: Count): string =>
  should === undefined || value === undefined ? '' : value === 0 ? 'count-good' : 'count-bad';
