import { route, type Route } from '../../protocol/api/route.js';
import { SseStream } from '../../protocol/api/sse.js';
import { fault } from '../../protocol/errors.js';
import { attachmentBody, carParams, carsOnAir, faultsBody, type AttachmentEvent, type CarOnAirAnswer } from './api.js';
import type { CarOnAir, Change, Fleet, Wish } from './fleet.js';
import type { Routers } from './routers.js';

export interface RadioControl {
  readonly fleet: Fleet;
  readonly routers: Routers;
  readonly readers: Set<SseStream>;
  wish(car: number, wish: Wish): void;
}

const MAX_READERS = 64;

export const eventOf = ({ car, atMs, from, to }: Change): AttachmentEvent => ({
  car,
  atMs,
  from: from?.accessPoint ?? null,
  to: to?.accessPoint ?? null,
  domain: to?.domain ?? null,
  port: to?.port ?? null,
});

export function radioRoutes(control: RadioControl): readonly Route[] {
  const { fleet, routers, readers } = control;
  return [
    route({
      method: 'GET',
      path: '/v1/cars',
      summary: 'Where every car is and what it is attached to',
      answer: carsOnAir,
      handle: () => ({ cars: fleet.cars.map(car => answerOf(car, routers)) }),
    }),
    route({
      method: 'PUT',
      path: '/v1/cars/{car}/attachment',
      summary: 'Forces an access point on a car; null: a radio outage; auto: by its position again',
      params: carParams,
      body: attachmentBody,
      errors: ['NOT_FOUND'],
      handle: ({ params, body }) => {
        const { accessPoint } = body;
        if (fleet.car(params.car) === undefined) throw fault('NOT_FOUND', `car ${params.car}`);
        if (accessPoint !== null && accessPoint !== 'auto' && !fleet.knows(accessPoint))
          throw fault('NOT_FOUND', `access point '${accessPoint}'`);
        control.wish(params.car, accessPoint === 'auto' ? { by: 'position' } : { by: 'force', accessPoint });
      },
    }),
    route({
      method: 'GET',
      path: '/v1/faults',
      summary: 'What the radio does to frames',
      answer: faultsBody,
      handle: () => routers.faults,
    }),
    route({
      method: 'PUT',
      path: '/v1/faults',
      summary: 'Sets what the radio does to frames; what is not named is none',
      body: faultsBody,
      handle: ({ body }) => routers.setFaults(body),
    }),
    route({
      method: 'GET',
      path: '/v1/events',
      summary: 'Server-sent events: `attachment` for every car as it is, then each change',
      raw: true,
      handle: ({ reply }) => {
        if (readers.size >= MAX_READERS) throw fault('UPSTREAM_REFUSED', `${MAX_READERS} readers are connected`);
        const stream = new SseStream(reply);
        readers.add(stream);
        stream.onClose(() => readers.delete(stream));
        for (const { car, changedMs, place } of fleet.cars)
          stream.send('attachment', eventOf({ car, atMs: changedMs, ...(place === undefined ? {} : { to: place }) }));
      },
    }),
  ];
}

function answerOf({ car, position, place, wish, changedMs }: CarOnAir, routers: Routers): CarOnAirAnswer {
  const { up, down, lost } = routers.traffic(car);
  return {
    car,
    position: { ...position },
    accessPoint: place?.accessPoint ?? null,
    domain: place?.domain ?? null,
    port: place?.port ?? null,
    attached: place !== undefined,
    forced: wish.by === 'force',
    changedMs,
    frames: { up, down, lost },
  };
}
