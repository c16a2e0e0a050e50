import type { Bag, Book, Kept } from './book.js';
import { notThere, type Asked, type Reply } from './door.js';

/** Subscriptions of one interface: what is its own about them. */
export interface Subscriptions {
  /** Their path below the base of the interface. */
  readonly path: string;
  /** The same with its origin. */
  readonly url: string;
  /** Throws Refused. With an id it takes the place of that one. */
  take(body: unknown, id?: string): Kept;
  show(kept: Kept): Bag;
  /** All of them; absent where the interface has no list. */
  list?(query: URLSearchParams): unknown;
}

/** What all four interfaces have in common: POST and GET of the collection; GET, PUT and DELETE of one. */
export function answerSubscriptions(asked: Asked, book: Book, own: Subscriptions): Reply {
  const { method, path, body, query } = asked;
  if (path === own.path) {
    if (method === 'GET' && own.list !== undefined) return { status: 200, body: own.list(query) };
    if (method !== 'POST') throw notThere(asked);
    const kept = own.take(body);
    return { status: 201, location: `${own.url}/${kept.id}`, body: own.show(kept) };
  }
  const id = path.startsWith(`${own.path}/`) ? path.slice(own.path.length + 1) : '';
  if (id === '' || id.includes('/')) throw notThere(asked);
  const kept = book.get(id);
  if (method === 'GET') return { status: 200, body: own.show(kept) };
  if (method === 'PUT') return { status: 200, body: own.show(own.take(body, id)) };
  if (method !== 'DELETE') throw notThere(asked);
  book.remove(id);
  return { status: 204 };
}
