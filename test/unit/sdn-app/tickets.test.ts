import assert from 'node:assert/strict';
import { TICKETS_MAX, Tickets } from '../../../sdn-app/tickets.js';
import { edge1, edge2, slotOf } from '../../fakes/sdn-world.js';

const a = slotOf('a', edge1);
const b = slotOf('b', edge1);
const c = slotOf('c', edge2);

describe('tickets', () => {
  it('are offered for their domain, each until it is taken', () => {
    const tickets = new Tickets();
    tickets.put([a, b, c], 100);
    assert.equal(tickets.offer('edge-1', 0), a);
    tickets.take('a');
    assert.equal(tickets.offer('edge-1', 0), b);
    tickets.take('b');
    assert.equal(tickets.offer('edge-1', 0), undefined);
    assert.equal(tickets.offer('edge-2', 0), c);
    assert.deepEqual([...tickets.free(0)], [['edge-2', 1]]);
  });

  it('stay used when the manager repeats a list that still names them, even after one that did not', () => {
    const tickets = new Tickets();
    tickets.put([a, b], 100);
    tickets.take('a');
    tickets.put([b], 100);
    tickets.put([a, b], 100);
    assert.equal(tickets.offer('edge-1', 0), b);
  });

  it('are gone with the manager’s lease', () => {
    const tickets = new Tickets();
    tickets.put([a], 100);
    assert.equal(tickets.offer('edge-1', 99), a);
    assert.equal(tickets.offer('edge-1', 100), undefined);
    assert.deepEqual([...tickets.free(100)], []);
  });

  it('are refused above the bound of a domain, and those before stay', () => {
    const tickets = new Tickets();
    tickets.put([c], 100);
    const many = Array.from({ length: TICKETS_MAX + 1 }, (_, i) => slotOf(`x-${i}`, edge1));
    assert.throws(() => tickets.put(many, 100), { code: 'REQUEST_INVALID' });
    assert.equal(tickets.offer('edge-2', 0), c);
  });
});
