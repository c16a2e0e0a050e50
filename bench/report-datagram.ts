import { generate } from 'coap-packet';
import { encodeReport } from '../protocol/report.js';

/** A report with seven signals as a whole CoAP request, to be numbered in place: quicker than to encode each. */
export interface ReportDatagram {
  /** Message id at 2 (two bytes), token at 4 (four bytes). */
  readonly bytes: Buffer;
  /** Where the four bytes of its sequence number are; it is `SEQ_BASE` and must not be lower. */
  readonly seqAt: number;
  readonly reportBytes: number;
}

/** A seq that CBOR writes in five bytes, so that it can be changed in place. */
export const SEQ_BASE = 0x10000;

export function reportDatagram(vehicle: string): ReportDatagram {
  const payload = reportOf(vehicle, SEQ_BASE);
  const other = reportOf(vehicle, SEQ_BASE + 1);
  const differs = payload.findIndex((byte, at) => byte !== other[at]);
  const bytes = generate({
    code: '0.02',
    confirmable: true,
    messageId: 0,
    token: Buffer.alloc(4),
    options: [
      { name: 'Uri-Path', value: Buffer.from('r') },
      { name: 'Content-Format', value: Buffer.from([112]) },
      { name: 'Uri-Query', value: Buffer.from('v=1') },
    ],
    payload: Buffer.from(payload),
  });
  return { bytes, seqAt: bytes.length - payload.length + differs - 3, reportBytes: payload.length };
}

function reportOf(vehicle: string, seq: number): Uint8Array {
  const timeMs = Math.floor(Date.now() / 1_000) * 1_000;
  const values = { lat: 38.0239612, lon: -1.1735482, spd: 87, rpm: 2_431.5, maf: 23.41, thr: 31.37, load: 54.9 };
  const samples = Object.entries(values).map(([name, value]) => ({ name, value, timeMs: timeMs - 250 }));
  return encodeReport({ vehicle, boot: 1, seq, timeMs, samples });
}
