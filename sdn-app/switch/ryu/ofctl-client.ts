import { Pool } from 'undici';
import { z } from 'zod';
import { codeOf, messageOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type { CookieSlice, FlowStats } from '../flow-switch.js';
import { parseLine } from '../json-lines.js';
import {
  aggregateRow,
  flowRow,
  meterRow,
  portDescRow,
  portRow,
  readFlowRow,
  tableRow,
  type FlowRow,
} from './ofctl-decode.js';
import type { Body, Command } from './ofctl-encode.js';
import { webAddress } from './web-address.js';

export interface OfctlOptions {
  /** Of Ryu's web server: `ws://127.0.0.1:8080`, `ws+unix:/run/ryu.sock`; `http:` is as good as `ws:`. */
  readonly url: string;
  readonly deadlineMs?: number;
}

export interface PortStats {
  /** The switch's own port is left out. */
  readonly port: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxDropped: number;
  readonly txDropped: number;
  readonly rxErrors: number;
  readonly txErrors: number;
  /** Since the switch has the port: less than before means that it was restarted. */
  readonly ageS: number;
}

export interface MeterStats {
  readonly meter: number;
  readonly flows: number;
  readonly packets: number;
  readonly dropped: number;
}

export interface TableStats {
  readonly table: number;
  readonly flows: number;
  readonly lookups: number;
  readonly matched: number;
}

/** Longer than the second that Ryu itself waits for a switch. */
const DEADLINE_MS = 5_000;

/**
 * The stock `ofctl_rest` of Ryu 4.34. It answers statistics with nothing when the switch did not answer within a second, so
 * that nothing is never taken for an answer: DEADLINE. A datapath that it does not know is SWITCH_AWAY.
 */
export class OfctlClient implements AsyncDisposable {
  readonly #options: OfctlOptions;
  readonly #pool: Pool;

  constructor(options: OfctlOptions) {
    this.#options = options;
    // one connection, so that commands arrive in their order
    const { url, socketPath } = webAddress(options.url, 'http');
    const connect = { timeout: 2_000, ...(socketPath === undefined ? {} : { socketPath }) };
    this.#pool = new Pool(url, { connections: 1, pipelining: 1, connect });
  }

  /** Numbers of the datapaths that are connected. */
  async datapaths(): Promise<number[]> {
    return this.#read('switches', z.array(z.int()));
  }

  /** Resolves once Ryu has queued it for the switch, which says nothing about the switch. */
  async command({ path, body }: Command): Promise<void> {
    await this.#call('POST', path, body);
  }

  /** Resolves once the switch has worked through all commands before: it answers in their order. */
  async barrier(datapath: number): Promise<void> {
    const found = await this.#read(`desc/${datapath}`, z.record(z.string(), z.record(z.string(), z.unknown())));
    if (Object.keys(found[String(datapath)] ?? {}).length === 0) throw this.#silent(datapath);
  }

  /** Flows of one cookie slice, and how many of them are none of ours. Rejects with DEADLINE where they are not all there. */
  async flows(datapath: number, { cookie, mask }: CookieSlice): Promise<{ flows: FlowStats[]; foreign: number }> {
    const filter = { cookie, cookie_mask: mask };
    const rows = await this.#rows('flow', datapath, flowRow, filter);
    const [sum] = await this.#rows('aggregateflow', datapath, aggregateRow, filter);
    // the first answer may be empty, or lack its end, because the switch was slow; the second one is not
    if (sum?.flow_count !== rows.length) throw this.#silent(datapath);
    const flows = rows.flatMap(readOwn);
    return { flows, foreign: rows.length - flows.length };
  }

  async portStats(datapath: number): Promise<PortStats[]> {
    const rows = await this.#some('port', datapath, portRow);
    return rows.flatMap(row =>
      typeof row.port_no === 'string'
        ? []
        : {
            port: row.port_no,
            rxPackets: row.rx_packets,
            txPackets: row.tx_packets,
            rxBytes: row.rx_bytes,
            txBytes: row.tx_bytes,
            rxDropped: row.rx_dropped,
            txDropped: row.tx_dropped,
            rxErrors: row.rx_errors,
            txErrors: row.tx_errors,
            ageS: row.duration_sec,
          },
    );
  }

  /** Ports whose link is down (OFPPS_LINK_DOWN). */
  async portsDown(datapath: number): Promise<Set<number>> {
    const rows = await this.#some('portdesc', datapath, portDescRow);
    return new Set(
      rows.flatMap(({ port_no: port, state }) => (typeof port === 'number' && (state & 1) === 1 ? port : [])),
    );
  }

  /** Meters that there are; a switch without any says as much as one that does not answer. */
  async meterStats(datapath: number): Promise<MeterStats[]> {
    const rows = await this.#rows('meter', datapath, meterRow);
    return rows.flatMap(({ meter_id: meter, flow_count: flows, packet_in_count: packets, band_stats: bands }) =>
      typeof meter === 'string'
        ? []
        : { meter, flows, packets, dropped: bands.reduce((sum, band) => sum + band.packet_band_count, 0) },
    );
  }

  /** Tables with flows in them. */
  async tableStats(datapath: number): Promise<TableStats[]> {
    const rows = await this.#some('table', datapath, tableRow);
    return rows.flatMap(({ table_id: table, active_count: flows, lookup_count: lookups, matched_count: matched }) =>
      typeof table === 'string' || flows === 0 ? [] : { table, flows, lookups, matched },
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.destroy();
  }

  async #some<T>(what: string, datapath: number, row: z.ZodType<T>): Promise<T[]> {
    const rows = await this.#rows(what, datapath, row);
    if (rows.length === 0) throw this.#silent(datapath);
    return rows;
  }

  async #rows<T>(what: string, datapath: number, row: z.ZodType<T>, filter?: Body): Promise<T[]> {
    const answer = await this.#read(`${what}/${datapath}`, z.record(z.string(), z.array(row)), filter);
    return answer[String(datapath)] ?? [];
  }

  async #read<T>(path: string, form: z.ZodType<T>, body?: Body): Promise<T> {
    const text = await this.#call(body === undefined ? 'GET' : 'POST', path, body);
    const found = form.safeParse(parseLine(text));
    if (!found.success) throw fault('UPSTREAM_REFUSED', `${path} of ${this.#options.url} answered in another form`);
    return found.data;
  }

  async #call(method: 'GET' | 'POST', path: string, body?: Body): Promise<string> {
    const where = `${path} of ${this.#options.url}`;
    const signal = AbortSignal.timeout(this.#options.deadlineMs ?? DEADLINE_MS);
    try {
      const response = await this.#pool.request({
        method,
        path: `/stats/${path}`,
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.body.text();
      if (response.statusCode === 404) throw fault('SWITCH_AWAY', where);
      if (response.statusCode !== 200) throw fault('UPSTREAM_REFUSED', `${where}: ${response.statusCode}`);
      return text;
    } catch (cause) {
      if (['SWITCH_AWAY', 'UPSTREAM_REFUSED'].includes(codeOf(cause))) throw cause;
      if (signal.aborted) throw fault('DEADLINE', where, { cause });
      throw fault('SWITCH_AWAY', `${where}: ${messageOf(cause)}`, { cause });
    }
  }

  #silent(datapath: number): Error {
    return fault('DEADLINE', `the switch ${datapath} did not answer ${this.#options.url} in time`);
  }
}

function readOwn(row: FlowRow): FlowStats[] {
  try {
    return [readFlowRow(row)];
  } catch (error) {
    if (codeOf(error) !== 'FLOW_INVALID') throw error;
    return [];
  }
}
