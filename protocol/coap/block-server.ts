import type { Clock } from '../../common/clock.js';
import { MAX_SZX, blockBytes, blockOf, type Block } from './block.js';
import { BlockAssembly, type Placed } from './block-assembly.js';
import { tagOf } from './body-tag.js';
import { NO_BYTES } from './codec.js';
import { CONTINUE, INCOMPLETE, TOO_LARGE, isSuccess } from './codes.js';
import type { OnCount } from './counts.js';
import type { WireRequest, WireResponse } from './options.js';
import type { CoapParams } from './params.js';
import { TransferTable } from './transfers.js';
import type { CoapHandler, CoapRequest, CoapResponse, Exchange, Peer } from './types.js';

/** A handler that sees the blocks. */
export type WireHandler = (request: WireRequest, exchange: Exchange) => WireResponse | Promise<WireResponse>;

export interface BlockServerDeps {
  readonly handler: CoapHandler;
  readonly clock: Clock;
  readonly params: CoapParams;
  readonly onCount: OnCount;
  readonly peerKey: (peer: Peer) => string;
}

const problem = (code: string, words: string): WireResponse => ({ code, payload: Buffer.from(words) });

/**
 * Block-wise transfer for a handler that knows bodies alone (RFC 7959): puts uploads together before it is called, and
 * hands out in blocks what is larger than one. A transfer is of one peer, resource and Request-Tag (RFC 9175 §3.3); an
 * answer is kept while it is fetched, so that its blocks are of one state whatever changes meanwhile.
 */
export class BlockServer {
  readonly #deps: BlockServerDeps;
  readonly #uploads: TransferTable<BlockAssembly>;
  readonly #answers: TransferTable<CoapResponse>;

  constructor(deps: BlockServerDeps) {
    this.#deps = deps;
    const { exchangeLifetimeMs, maxTransfersPerPeer, maxTransferBytes } = deps.params;
    const bounds = { lifetimeMs: exchangeLifetimeMs, maxPerPeer: maxTransfersPerPeer, maxBytes: maxTransferBytes };
    this.#uploads = new TransferTable(bounds);
    this.#answers = new TransferTable(bounds);
  }

  readonly handle: WireHandler = (request, exchange) => {
    const { block1, block2 } = request;
    if (block1 !== undefined) return this.#upload(block1, request, exchange);
    if (block2 !== undefined && block2.num > 0) return this.#further(block2, request, exchange);
    return this.#answer(request, exchange);
  };

  #answer(request: WireRequest, exchange: Exchange, block1?: Block): WireResponse | Promise<WireResponse> {
    const cut = (response: CoapResponse): WireResponse => {
      const first = this.#cut(request, exchange, response);
      return block1 === undefined ? first : { ...first, block1 };
    };
    const result = this.#deps.handler(plain(request), exchange);
    return result instanceof Promise ? result.then(cut) : cut(result);
  }

  /** The first block of what is larger than a block; the rest is kept. */
  #cut(request: WireRequest, { peer }: Exchange, response: CoapResponse): WireResponse {
    const { block2 } = request;
    const { payload } = response;
    const szx = this.#szxOf(block2);
    if (payload === undefined || payload.length <= blockBytes(szx))
      return block2 === undefined || payload === undefined
        ? response
        : { ...response, block2: { num: 0, more: false, szx } };
    const whole = this.#keep(this.#deps.peerKey(peer), transferKey(request), response, payload);
    return { ...sliceOf(whole, { num: 0, szx }), size2: payload.length };
  }

  #keep(peer: string, key: string, response: CoapResponse, payload: Uint8Array): CoapResponse {
    const whole: CoapResponse = { ...response, etag: response.etag ?? tagOf(payload) };
    this.#answers.put(peer, key, whole, payload.length, this.#deps.clock.monotonicMs());
    return whole;
  }

  /** A further block: of what is kept, else of what a GET answers now. */
  #further(block2: Block, request: WireRequest, exchange: Exchange): WireResponse | Promise<WireResponse> {
    const { handler, peerKey, clock } = this.#deps;
    const at = { num: block2.num, szx: this.#szxOf(block2) };
    // The number was counted in blocks of the size that was asked for.
    if (at.szx < block2.szx) at.num *= blockBytes(block2.szx) / blockBytes(at.szx);
    const peer = peerKey(exchange.peer);
    const key = transferKey(request);
    const kept = this.#answers.get(peer, key, clock.monotonicMs());
    if (kept !== undefined) return sliceOf(kept, at);
    if (request.method !== 'GET') return this.#incomplete('the answer is no longer kept');
    const { observe: _, ...read } = request;
    const cut = (response: CoapResponse): WireResponse => {
      const { payload } = response;
      if (!isSuccess(response.code) || payload === undefined) return response;
      return sliceOf(this.#keep(peer, key, response, payload), at);
    };
    const result = handler(plain(read), exchange);
    return result instanceof Promise ? result.then(cut) : cut(result);
  }

  #upload(block: Block, request: WireRequest, exchange: Exchange): WireResponse | Promise<WireResponse> {
    const { params, peerKey, clock } = this.#deps;
    const peer = peerKey(exchange.peer);
    const key = transferKey(request);
    const nowMs = clock.monotonicMs();
    const known = this.#uploads.get(peer, key, nowMs);
    if (block.num > 0 && known === undefined) return this.#incomplete('the blocks before are not here');
    if ((request.size1 ?? 0) > params.maxBodyBytes) return this.#refused('too large', block, peer, key);
    const assembly = known ?? new BlockAssembly(params.maxBodyBytes);
    const placed = assembly.place(block, request.payload ?? NO_BYTES);
    if (placed === 'more') {
      this.#uploads.put(peer, key, assembly, assembly.length, nowMs);
      // RFC 7959 §2.3: a smaller size is agreed upon with the first block.
      const szx = block.num === 0 ? Math.min(block.szx, params.blockSzx) : block.szx;
      return { code: CONTINUE, block1: { ...block, szx } };
    }
    if (placed !== 'whole') return this.#refused(placed, block, peer, key);
    this.#uploads.remove(peer, key);
    return this.#answer({ ...request, payload: assembly.body() }, exchange, block);
  }

  #refused(placed: Exclude<Placed, 'more' | 'whole'>, block: Block, peer: string, key: string): WireResponse {
    if (placed === 'gap') return this.#incomplete('a block is missing or differs');
    this.#uploads.remove(peer, key);
    if (placed === 'misfit') return problem('4.00', 'a block of another size than it says');
    this.#deps.onCount('blocksTooLarge');
    // RFC 7959 §2.9.3 and §4: the largest that would be taken.
    return { code: TOO_LARGE, block1: { ...block, more: false }, size1: this.#deps.params.maxBodyBytes };
  }

  #incomplete(words: string): WireResponse {
    this.#deps.onCount('blocksIncomplete');
    return problem(INCOMPLETE, words);
  }

  #szxOf(asked: Block | undefined): number {
    return Math.min(this.#deps.params.blockSzx, asked?.szx ?? MAX_SZX);
  }
}

/** The request as the handler knows it. */
function plain(request: WireRequest): CoapRequest {
  if (request.block1 === undefined && request.block2 === undefined) return request;
  const { block1: _1, block2: _2, size1: _3, requestTags: _4, ...rest } = request;
  return rest;
}

function sliceOf(whole: CoapResponse, at: Pick<Block, 'num' | 'szx'>): WireResponse {
  const slice = blockOf(whole.payload ?? NO_BYTES, at);
  if (slice === undefined) return problem('4.00', `there is no block ${at.num}`);
  return { ...whole, payload: slice.bytes, block2: slice.block };
}

/** What a transfer is of, beside its peer: everything of the request that may change its answer. */
function transferKey({ method, path, query = [], accept, contentFormat, requestTags = [] }: WireRequest): string {
  const tags = requestTags.map(tag => Buffer.from(tag).toString('hex'));
  return JSON.stringify([method, path, query, accept, contentFormat, tags]);
}
