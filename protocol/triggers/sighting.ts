/**
 * What somebody other than a switch says of a device's way: a core network (3GPP), a MEC platform (ETSI). One form for all
 * of them; which vehicle `device` is, and which domain a name of theirs means, the deployment says.
 */
export interface Sighting {
  readonly origin: 'smf' | 'nef' | 'mec-location' | 'mec-mobility';
  /**
   * `early`: it is about to come (a slot is armed for it); `late`: it has come, or its path has changed (its attachment changed);
   * `gone`: it has left, and nobody says whereto.
   */
  readonly phase: 'early' | 'late' | 'gone';
  readonly device: DeviceName;
  /** Their names: a DNAI, a zone. */
  readonly source?: string;
  readonly target?: string;
  /** Access point, where it is told. */
  readonly accessPoint?: string;
  /** Where the device's traffic comes from after the change. */
  readonly address?: string;
  /** Unix milliseconds. */
  readonly atMs: number;
}

/** How they name a device. */
export interface DeviceName {
  readonly kind: 'gpsi' | 'supi' | 'ipv4' | 'ipv6' | 'mac' | 'address';
  readonly value: string;
}

/** What a notification holds that can be used, and how much of it cannot: names of later releases are passed over, not refused. */
export interface Sightings {
  readonly sightings: readonly Sighting[];
  readonly passedOver: number;
}

/** What an application answers to news that ask for it (AfResultStatus of TS 29.522): done, not now, not to there, another reason. */
export type AfStatus = 'SUCCESS' | 'TEMPORARY_CONGESTION' | 'RELOC_NO_ALLOWED' | 'OTHER';

export interface Acknowledgement {
  readonly status: AfStatus;
  readonly device: DeviceName;
}
