/**
 * Erlang's loss formula B(n, a): the share of requests that find none of `slots` free, where requests come at random (Poisson) and `load` of them come, on
 * average, while one slot is made ready. How the times to get ready are distributed does not matter, only their mean
 * (Palm's theorem). A. K. Erlang 1917; the recursion is numerically safe for any load.
 */
export function erlangLoss(slots: number, load: number): number {
  let loss = 1;
  for (let n = 1; n <= slots; n++) loss = (load * loss) / (n + load * loss);
  return loss;
}

/** The fewest slots with which no more than `miss` (a share above 0) of the requests find none. */
export function slotsFor(load: number, miss: number): number {
  let loss = 1;
  let slots = 0;
  while (loss > miss) {
    slots += 1;
    loss = (load * loss) / (slots + load * loss);
  }
  return slots;
}
