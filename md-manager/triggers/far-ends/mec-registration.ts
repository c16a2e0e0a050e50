import type { Clock } from '../../../common/clock.js';
import {
  mobilityRegistered,
  mobilityRegistrations,
  type MobilityDevice,
  type MobilityRegistration,
} from '../../../protocol/triggers/mec-mobility.js';
import type { FarEndAnswer, FarEndClient } from '../far-end-client.js';
import { createdAt, read } from '../replies.js';
import type { Contract, Held } from '../standing.js';

export interface RegistrationWish {
  /** Our application there. */
  readonly appInstanceId: string;
  /** Asked at each renewal. */
  readonly devices: () => readonly MobilityDevice[];
  readonly lifeS: number;
}

/** What it is called among our subscriptions. */
export const REGISTRATION = 'registration';

const SERVICES = '/app_mobility_services';

/** Our application as one that goes with its devices (ETSI GS MEC 021 §7.3), for so many seconds; a PUT renews it, and tells what has moved. */
export function registrationContract(
  client: Pick<FarEndClient, 'send'>,
  { appInstanceId, devices, lifeS }: RegistrationWish,
  clock: Pick<Clock, 'nowMs'>,
): Contract {
  const body = (url?: string): MobilityRegistration => ({
    ...(url === undefined ? {} : { appMobilityServiceId: url.slice(url.lastIndexOf('/') + 1) }),
    serviceConsumerId: { appInstanceId },
    deviceInformation: [...devices()],
    expiryTime: lifeS,
  });
  const held = (url: string, answer: FarEndAnswer): Held => {
    // 0, like none at all, is for ever there; it is renewed all the same, as it was asked for.
    const told = answer.body === undefined ? 0 : (read(mobilityRegistered, answer.body).expiryTime ?? 0);
    return { url, untilMs: clock.nowMs() + (told === 0 ? lifeS : Math.min(told, lifeS)) * 1_000 };
  };
  return {
    ...{ origin: 'mec-mobility', what: REGISTRATION },
    async find(signal) {
      const { body: all } = await client.send({ method: 'GET', url: SERVICES }, signal);
      return read(mobilityRegistrations, all)
        .filter(one => one.serviceConsumerId.appInstanceId === appInstanceId)
        .flatMap(({ appMobilityServiceId: id }) => (id === undefined ? [] : `${SERVICES}/${id}`));
    },
    async create(signal) {
      const answer = await client.send({ method: 'POST', url: SERVICES, json: body() }, signal);
      const { appMobilityServiceId: id } = read(mobilityRegistered, answer.body);
      return held(createdAt(answer, id === undefined ? undefined : `${SERVICES}/${id}`), answer);
    },
    async renew(url, signal) {
      return held(url, await client.send({ method: 'PUT', url, json: body(url) }, signal));
    },
    async end(url, signal) {
      await client.send({ method: 'DELETE', url }, signal);
    },
  };
}
