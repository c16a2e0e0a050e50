/** What a release of the northbound interface does differently (5, 8 and 19 stand for those around them). */
export interface NbiProfile {
  readonly name: 'R5' | 'R8' | 'R19';
  /** Body of `GET /version`. */
  readonly version: unknown;
  readonly model: 'native' | 'sol006';
  /** Whether `ns_instances_content` names its operation. */
  readonly namesOperation: boolean;
  /** Whether orders are answered with the service's name, too. */
  readonly namesService: boolean;
  /** Whether records are answered with `_id` beside `id`. */
  readonly bothIds: boolean;
  /** Status of accepted operations and VIM accounts. */
  readonly accepted: 201 | 202;
  readonly heal: boolean;
  readonly subscriptions: boolean;
  readonly autoremove: boolean;
  readonly timeouts: boolean;
  /** Whether a second package of one name is refused. */
  readonly uniquePackages: boolean;
  /** Whether `operationParams.additionalParamsForVnf` comes back as a JSON text. */
  readonly paramsAsText: boolean;
  /** Whether the session cookie's token counts for a request without one. */
  readonly textPlainIsYaml: boolean;
}

const MODERN = { namesOperation: true, accepted: 202, subscriptions: true, autoremove: true, timeouts: true } as const;

export const PROFILES: Readonly<Record<NbiProfile['name'], NbiProfile>> = {
  R5: {
    name: 'R5',
    version: '0.1.3 Jan 2019',
    model: 'native',
    namesOperation: false,
    namesService: false,
    bothIds: false,
    accepted: 201,
    heal: false,
    subscriptions: false,
    autoremove: false,
    timeouts: false,
    uniquePackages: false,
    paramsAsText: false,
    textPlainIsYaml: true,
  },
  R8: {
    ...MODERN,
    name: 'R8',
    version: { version: '8.0.0.post1', date: '2020-07-01' },
    model: 'native',
    namesService: false,
    bothIds: false,
    heal: false,
    uniquePackages: true,
    paramsAsText: false,
    textPlainIsYaml: false,
  },
  R19: {
    ...MODERN,
    name: 'R19',
    version: { version: '8.0.0.post1', date: '2020-07-01' },
    model: 'sol006',
    namesService: true,
    bothIds: true,
    heal: true,
    uniquePackages: true,
    paramsAsText: true,
    textPlainIsYaml: false,
  },
};
