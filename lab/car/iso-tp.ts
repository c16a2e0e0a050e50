import { fault } from '../../protocol/errors.js';

/**
 * An answer of an ECU as the CAN frames it is sent in (ISO 15765-2, normal addressing), always eight data bytes
 * (ISO 15765-4 §9: unused bytes are padded).
 */
const FRAME_BYTES = 8;
const SINGLE_MAX = 7;
const FIRST_BYTES = 6;
const MAX_BYTES = 0xfff;
const PADDING = 0;

const padded = (bytes: readonly number[]): readonly number[] => [
  ...bytes,
  ...Array<number>(FRAME_BYTES - bytes.length).fill(PADDING),
];

/** The frames of one message: a single frame up to 7 bytes, else a first frame and consecutive ones. */
export function isoTpFrames(message: readonly number[]): readonly (readonly number[])[] {
  const { length } = message;
  if (length === 0 || length > MAX_BYTES)
    throw fault('OBD_FRAME', `a message has 1 to ${MAX_BYTES} bytes, not ${length}`);
  if (length <= SINGLE_MAX) return [padded([length, ...message])];
  const frames = [padded([0x10 | (length >> 8), length & 0xff, ...message.slice(0, FIRST_BYTES)])];
  for (let at = FIRST_BYTES, index = 1; at < length; at += SINGLE_MAX, index++)
    frames.push(padded([0x20 | (index & 0xf), ...message.slice(at, at + SINGLE_MAX)]));
  return frames;
}
