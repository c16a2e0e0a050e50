import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board } from '../kit/board.js';
import { heat } from '../kit/heat.js';
import { linkTo } from '../kit/names.js';
import { ZERO_IS_GOOD, bars, graph, stat, words } from '../kit/panels.js';
import { mean, orZero, quantile, risen, twins } from '../kit/queries.js';
import { table } from '../kit/tables.js';
import { labelVariable } from '../kit/variables.js';

const WAY = '{way=~"$way"}';
const PHASE = '{phase="$phase", way=~"$way"}';
const MOVED = 'kind!="first", way=~"$way"';

const PAPER = `| what | MIGRATE, 2020 | here |
|---|---|---|
| back-up route | 1.543 ms | phase \`rerouted\`; armed: skipped, the route is in the switch before the car comes |
| new twin in the pool → flow redirected | 0.785 ms | switch: *confirmed by the barrier* |
| hand-over with a pool | 2.328 ms | phase \`redirected\` |
| start of a new vMD | 41.7 s | way \`cold\` |

Times count from the first frame at the new port. The paper's are means with a confidence interval of 95 %.`;

/** The paper's figure 8, live: how long each phase takes by which way, and how hand-overs end. */
export const handover = (): Dashboard =>
  board({
    name: 'handover',
    says: 'Hand-overs: ways, phases, results, reasons and counts. The times of the phases are figure 8 of the MIGRATE paper, live.',
    from: 'now-1h',
    handovers: '',
    variables: [
      labelVariable('way', {
        label: 'way',
        says: 'armed, ticket, manager, cold; any: what sdn-app does before the way is known',
        from: 'metrics',
        series: 'handover_duration_seconds_count',
        all: true,
      }),
      labelVariable('phase', {
        label: 'phase',
        says: 'until which phase the times below count',
        from: 'metrics',
        series: 'handover_duration_seconds_count',
        all: false,
      }).current({ text: 'activated', value: 'activated', selected: true }),
    ],
    sections: [
      {
        title: 'Counts',
        panels: [
          stat({
            title: 'Completed',
            says: 'Hand-overs that were completed in the time shown; registrations left out.',
            unit: 'none',
            decimals: 0,
            wide: 6,
            queries: [{ expr: risen(`handover_total{result="completed", ${MOVED}}`), as: 'now' }],
          }),
          stat({
            title: 'Failed',
            says: 'Hand-overs that failed: the old twin goes on, the flow goes where the car is.',
            unit: 'none',
            decimals: 0,
            wide: 6,
            steps: ZERO_IS_GOOD,
            queries: [{ expr: risen('handover_total{result="failed"}'), as: 'now' }],
          }),
          stat({
            title: 'Cancelled',
            says: 'Hand-overs that were cancelled because the car went back in time.',
            unit: 'none',
            decimals: 0,
            wide: 6,
            queries: [{ expr: risen('handover_total{result="cancelled"}'), as: 'now' }],
          }),
          stat({
            title: 'Standby slots used',
            says: 'Share of the standby slots that ended in the last hour that a car came to. The others were kept for nothing.',
            unit: 'percentunit',
            wide: 6,
            queries: [{ expr: 'standby_used:ratio1h', as: 'now' }],
          }),
          bars({
            title: 'By way',
            says: 'Hand-overs completed in the time shown, by way.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [
              {
                expr: `sum by (way) (increase(handover_total{result="completed", ${MOVED}}[$__range]))`,
                legend: '{{way}}',
                as: 'now',
              },
            ],
          }),
          bars({
            title: 'By result and reason',
            says: 'How hand-overs ended in the time shown; none: there is nothing to explain.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [
              {
                expr: 'sum by (result, reason) (increase(handover_total[$__range]))',
                legend: '{{result}}: {{reason}}',
                as: 'now',
              },
            ],
          }),
          bars({
            title: 'Why they began',
            says: 'Kinds of hand-over in the time shown: first (registration), move, and those that a lost or leaving host began.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: 'sum by (kind) (increase(handover_total[$__range]))', legend: '{{kind}}', as: 'now' }],
          }),
        ],
      },
      {
        title: 'Figure 8',
        panels: [
          bars({
            title: 'Mean time until each phase',
            says: 'Mean time from the first frame at the new port until each phase, by way, over the time shown. Phases that are reached at the same moment were prepared before the car came.',
            unit: 's',
            wide: 14,
            high: 14,
            min: 0,
            queries: [
              {
                expr: `sort(${mean('handover_duration_seconds', ['phase', 'way'], '$__range', WAY)})`,
                legend: '{{way}}: {{phase}}',
                as: 'now',
              },
            ],
          }),
          words('Beside the paper', 'The times that the MIGRATE paper gives, and where to find ours.', PAPER, 10, 7),
          table({
            title: 'Half and 99 of 100',
            says: 'Time until the phase chosen: half of the hand-overs took at most p50, 99 of 100 at most p99. Estimated from buckets.',
            unit: 's',
            wide: 10,
            high: 7,
            joinBy: 'way',
            queries: [
              { expr: quantile(0.5, 'handover_duration_seconds', ['way'], '$__range', PHASE), as: 'table' },
              { expr: quantile(0.99, 'handover_duration_seconds', ['way'], '$__range', PHASE), as: 'table' },
              { expr: `sum by (way) (increase(handover_duration_seconds_count${PHASE}[$__range]))`, as: 'table' },
            ],
            columns: [
              { of: 'way', title: 'way' },
              { of: 'Value #A', title: 'p50', unit: 's' },
              { of: 'Value #B', title: 'p99', unit: 's' },
              { of: 'Value #C', title: 'count', unit: 'none' },
            ],
          }),
          heat({
            title: 'Time until the phase',
            says: 'All hand-overs by the time until the phase chosen.',
            unit: 's',
            queries: [
              {
                expr: `sum by (le) (increase(handover_duration_seconds_bucket${PHASE}[$__rate_interval]))`,
                legend: '{{le}}',
                as: 'heat',
              },
            ],
          }),
          graph({
            title: 'Mean until the phase',
            says: 'Mean time until the phase chosen, by way, of the hand-overs of the five minutes before.',
            unit: 's',
            high: 9,
            log: true,
            queries: [{ expr: mean('handover_duration_seconds', ['way'], '5m', PHASE), legend: '{{way}}' }],
          }),
        ],
      },
      {
        title: 'The switch and the standby slots',
        panels: [
          graph({
            title: 'Confirmed by the barrier',
            says: 'Time from sending a batch of flow changes to the barrier that confirms it. The paper’s way takes 0.785 ms for one leg.',
            unit: 's',
            limits: true,
            steps: [
              [null, 'green'],
              [0.000785, 'yellow'],
              [0.0023, 'red'],
            ],
            queries: [
              { expr: quantile(0.5, 'sdn_batch_seconds', [], '5m'), legend: 'p50' },
              { expr: quantile(0.99, 'sdn_batch_seconds', [], '5m'), legend: 'p99' },
            ],
          }),
          graph({
            title: 'Copies of frames',
            says: 'What the frames meant that the switch copied to sdn-app, per second.',
            unit: 'ops',
            stacked: true,
            min: 0,
            queries: [{ expr: 'sum by (of) (rate(sdn_packet_ins_total[$__rate_interval]))', legend: '{{of}}' }],
          }),
          graph({
            title: 'Standby slots',
            says: 'Slots kept for hand-overs that may come: armed (of a vehicle), ticket (of nobody yet), by domain.',
            unit: 'none',
            stacked: true,
            min: 0,
            decimals: 0,
            queries: [{ expr: 'sum by (way, domain) (standby_slots)', legend: '{{way}}, {{domain}}' }],
          }),
          graph({
            title: 'End of standby slots',
            says: 'How standby slots ended, per minute: used, or wasted (withdrawn, expired, refused, lost).',
            unit: 'opm',
            stacked: true,
            min: 0,
            queries: [
              {
                expr: 'sum by (way, as) (rate(standby_ended_total[$__rate_interval])) * 60',
                legend: '{{way}}: {{as}}',
              },
            ],
          }),
          graph({
            title: 'What had to be repeated',
            says: 'Commands to hosts, switch or store that had to be sent again, flows read back from the switch, and attachments that nobody confirmed, per minute.',
            unit: 'opm',
            min: 0,
            queries: [
              {
                expr: `${orZero('sum(rate(effect_retries_total[$__rate_interval]))')} * 60`,
                legend: 'repeated commands',
              },
              { expr: 'sum(rate(sdn_read_backs_total[$__rate_interval])) * 60', legend: 'read back' },
              { expr: 'sum(rate(sdn_attachments_unconfirmed_total[$__rate_interval])) * 60', legend: 'unconfirmed' },
              { expr: 'sum(rate(sdn_dual_homed_total[$__rate_interval])) * 60', legend: 'dual-homed' },
            ],
          }),
          table({
            title: 'Newest hand-overs',
            says: 'Hand-overs in the time shown. Took: from the first frame at the new port until the new twin acted.',
            unit: 'none',
            wide: 12,
            high: 8,
            joinBy: 'handover',
            queries: [
              { ...twins('last_over_time(twin_handover_time_seconds{way=~"$way"}[$__range]) * 1000'), as: 'table' },
              {
                ...twins('max by (handover) (last_over_time(twin_handover_duration_seconds{way=~"$way"}[$__range]))'),
                as: 'table',
              },
            ],
            columns: [
              { of: 'Value #A', title: 'at', unit: 'dateTimeAsIso' },
              {
                of: 'vehicle',
                title: 'vehicle',
                link: { title: 'this vehicle', url: linkTo('vehicle', 'var-vehicle=${__value.text}') },
              },
              { of: 'from', title: 'from' },
              { of: 'to', title: 'to' },
              { of: 'way', title: 'way' },
              { of: 'result', title: 'result' },
              { of: 'Value #B', title: 'took', unit: 's' },
            ],
            sortBy: { title: 'at', descending: true },
          }),
        ],
      },
    ],
  });
