/** A report within one device. */
export interface Key {
  readonly boot: number;
  readonly seq: number;
}

export interface Range {
  readonly boot: number;
  readonly from: number;
  readonly to: number;
}
