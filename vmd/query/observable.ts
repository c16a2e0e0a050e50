/** What of a host can be observed (RFC 7641): a signal of a vehicle, by its wire name. */
export const observableOf = (vehicle: string, wire: string): string => `${vehicle} ${wire}`;

/** The vehicle of what `observableOf` names. */
export const vehicleOf = (observable: string): string => observable.slice(0, observable.indexOf(' '));
