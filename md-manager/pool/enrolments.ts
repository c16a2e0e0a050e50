import type { HostHello } from '../../protocol/api/md-manager.js';
import type { Instance } from '../mano/mano.js';

type Process = Pick<HostHello, 'pid' | 'startTicks'>;
const nameOf = ({ pid, startTicks }: Process): string => `${pid}/${startTicks}`;

/**
 * Whether who says hello is the instance that was ordered: the process that was started here, or on a machine elsewhere the first one that
 * shows the token of its order. A token is of one use: what shows it later as another process is not let in.
 */
export class Enrolments {
  readonly #first = new Map<string, string>();

  admits(known: Instance, hello: HostHello): boolean {
    if (known.enrolment === undefined) return nameOf(known) === nameOf(hello);
    if (hello.enrolment !== known.enrolment) return false;
    const first = this.#first.get(known.host) ?? nameOf(hello);
    this.#first.set(known.host, first);
    return first === nameOf(hello);
  }

  forget(host: string): void {
    this.#first.delete(host);
  }
}
