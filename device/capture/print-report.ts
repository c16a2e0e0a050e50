import { decodeReport } from '../../protocol/report.js';

/** A report as a line of SenML-JSON (RFC 8428 §5), its records in their order. */
export function senmlLine(bytes: Uint8Array): string {
  const { vehicle, boot, seq, timeMs, samples } = decodeReport(bytes);
  const records = samples.map(({ name, value, timeMs: atMs }) => {
    const key = typeof value === 'number' ? 'v' : typeof value === 'boolean' ? 'vb' : 'vs';
    return { n: name, [key]: value, ...(atMs === timeMs ? {} : { t: (atMs - timeMs) / 1000 }) };
  });
  const identity = [
    { bn: `${vehicle}/`, bt: timeMs / 1000, n: 'boot', v: boot },
    { n: 'seq', v: seq },
  ];
  return JSON.stringify([...identity, ...records]);
}
