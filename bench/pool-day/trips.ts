/** A car enters a domain and leaves it, seconds of a day. */
export interface Stay {
  readonly car: number;
  readonly domain: number;
  readonly enterS: number;
  readonly leaveS: number;
  /** The neighbour that a forecast took for the next domain at `forecastS`, right or wrong. */
  readonly forecast: number;
  readonly forecastS: number;
}

export interface DayOptions {
  readonly cars: number;
  readonly domains: number;
  /** Share of forecasts that name the right domain. */
  readonly accuracy: number;
  /** How long before a car enters it is forecast. */
  readonly horizonS: number;
  readonly random: () => number;
}

const DAY_S = 86_400;
/** Mean stay in a domain on the way: some kilometres in a town. */
const STAY_S = 360;
const PEAKS_S = [8 * 3_600, 17.5 * 3_600] as const;
const PEAK_WIDTH_S = 3_000;

/**
 * A day of cars on a ring of domains: two trips at the peaks for each, and one at any time, each through a few domains. The
 * forecast is as good as it is said to be, not better: its errors name the other neighbour.
 */
export function dayOf({ cars, domains, accuracy, horizonS, random }: DayOptions): Stay[] {
  const stays: Stay[] = [];
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  for (let car = 0; car < cars; car++) {
    const starts = [...PEAKS_S.map(peak => peak + normal() * PEAK_WIDTH_S), random() * DAY_S].sort((a, b) => a - b);
    let freeS = 0;
    for (const start of starts) {
      let enterS = Math.max(freeS, start, 0);
      let domain = Math.floor(random() * domains);
      const step = random() < 0.5 ? 1 : domains - 1;
      const legs = 2 + Math.floor(random() * 5);
      for (let leg = 0; leg < legs && enterS < DAY_S; leg++) {
        const leaveS = Math.min(DAY_S, enterS - Math.log(1 - random()) * STAY_S);
        const forecast = random() < accuracy ? domain : (domain + 2 * (domains - step)) % domains;
        stays.push({ car, domain, enterS, leaveS, forecast, forecastS: Math.max(0, enterS - horizonS) });
        enterS = leaveS;
        domain = (domain + step) % domains;
      }
      freeS = enterS;
    }
  }
  return stays;
}
