import type { Clock } from '../../common/clock.js';
import { fault } from '../errors.js';
import { MAX_SZX, blockBytes, blockOf, offsetOf, szxWithin } from './block.js';
import { BlockAssembly } from './block-assembly.js';
import { sameTag } from './body-tag.js';
import type { ExchangeOptions } from './client-exchanges.js';
import { MAX_DATAGRAM_BYTES, NO_BYTES } from './codec.js';
import { INCOMPLETE, TOO_LARGE, isSuccess } from './codes.js';
import { requestOptions, type WireRequest, type WireResponse } from './options.js';
import type { CoapParams } from './params.js';
import type { CoapRequest, CoapResponse, Peer, RequestOptions } from './types.js';

export type ExchangeOnce = (peer: Peer, request: WireRequest, options: ExchangeOptions) => Promise<WireResponse>;

export interface BlockClientDeps {
  readonly exchange: ExchangeOnce;
  readonly clock: Clock;
  readonly params: CoapParams;
  /** Uniform in [0, 1): where Request-Tags begin. */
  readonly random: () => number;
}

/** How often a transfer begins anew: an upload that the peer lost, an answer that changed while it was fetched. */
const RESTARTS = 3;
const TAGS = 2 ** 32;
/** Header, token, the longest block and size options, Request-Tag and the payload marker. */
const ENVELOPE_BYTES = 4 + 8 + 5 + 5 + 6 + 6 + 7 + 1;

/** Our own requests with bodies of any size (RFC 7959 §2): block by block where they or their answers are larger than one. */
export class BlockClient {
  readonly #deps: BlockClientDeps;
  #tag: number;

  constructor(deps: BlockClientDeps) {
    this.#deps = deps;
    this.#tag = Math.floor(deps.random() * TAGS);
  }

  async request(peer: Peer, request: CoapRequest, options: RequestOptions): Promise<CoapResponse> {
    const { clock } = this.#deps;
    const { timeoutMs } = options;
    const next = timeoutMs === undefined ? (): RequestOptions => options : within(options, timeoutMs, clock);
    const room = this.#szxOf(request, options);
    const payload = request.payload ?? NO_BYTES;
    if (payload.length > blockBytes(room)) return this.#upload(peer, request, payload, room, next);
    const first = await this.#deps.exchange(peer, this.#asking(request, options), options);
    const { block1 } = first;
    // RFC 7959 §2.9.3: in blocks, and of what size.
    if (first.code === TOO_LARGE && block1 !== undefined && blockBytes(block1.szx) < payload.length)
      return this.#upload(peer, request, payload, Math.min(block1.szx, room), next);
    return this.complete(peer, request, first, next);
  }

  /** The whole of an answer whose first block is here. Rejects with COAP_BLOCKS where the blocks make no whole. */
  async complete(
    peer: Peer,
    request: WireRequest,
    first: WireResponse,
    next: () => RequestOptions,
  ): Promise<CoapResponse> {
    const { payload: _, observe: __, block1: ___, ...further } = request;
    let response = first;
    for (let restarts = 0; ; restarts++) {
      const whole = response.block2 === undefined ? bare(response) : await this.#fetch(peer, further, response, next);
      if (whole !== 'changed') return first.observe === undefined ? whole : { ...whole, observe: first.observe };
      if (restarts >= RESTARTS || request.method !== 'GET')
        throw fault('COAP_BLOCKS', `/${request.path.join('/')} changes faster than it can be fetched`);
      response = await this.#deps.exchange(peer, this.#asking(further, next()), next());
    }
  }

  async #fetch(
    peer: Peer,
    further: WireRequest,
    first: WireResponse,
    next: () => RequestOptions,
  ): Promise<CoapResponse | 'changed'> {
    const { params, exchange } = this.#deps;
    const assembly = new BlockAssembly(params.maxBodyBytes);
    const where = `/${further.path.join('/')} at ${peer.address}:${peer.port}`;
    const largest = Math.min(params.blockSzx, next().blockSzx ?? MAX_SZX);
    for (let response = first; ;) {
      const { block2, payload = NO_BYTES } = response;
      if (block2 === undefined) return response === first ? bare(response) : 'changed';
      if (offsetOf(block2) !== assembly.length)
        throw fault('COAP_BLOCKS', `${where}: block ${block2.num} was not asked for`);
      const placed = assembly.place(block2, payload);
      if (placed === 'whole') return bare({ ...first, payload: assembly.body() });
      if (placed !== 'more') throw fault('COAP_BLOCKS', `${where}: block ${block2.num} is ${placed}`);
      const szx = Math.min(block2.szx, largest);
      const num = assembly.length / blockBytes(szx);
      response = await exchange(peer, { ...further, block2: { num, more: false, szx } }, next());
      if (!isSuccess(response.code)) return bare(response);
      if (!sameTag(response.etag, first.etag)) return 'changed';
    }
  }

  async #upload(
    peer: Peer,
    request: CoapRequest,
    body: Uint8Array,
    startSzx: number,
    next: () => RequestOptions,
  ): Promise<CoapResponse> {
    for (let restarts = 0; ; restarts++) {
      const tag = Buffer.alloc(4);
      tag.writeUInt32BE((this.#tag = (this.#tag + 1) % TAGS));
      const tagged: WireRequest = { ...request, requestTags: [tag] };
      const response = await this.#uploadOnce(peer, tagged, body, startSzx, next);
      if (response.code !== INCOMPLETE || restarts >= RESTARTS) return this.complete(peer, tagged, response, next);
    }
  }

  async #uploadOnce(
    peer: Peer,
    request: WireRequest,
    body: Uint8Array,
    startSzx: number,
    next: () => RequestOptions,
  ): Promise<WireResponse> {
    let szx = startSzx;
    for (let offset = 0; ;) {
      const num = offset / blockBytes(szx);
      const slice = blockOf(body, { num, szx });
      if (slice === undefined) throw fault('COAP_BLOCKS', `no block ${num}`);
      const { bytes: payload, block: block1 } = slice;
      const asked: WireRequest = {
        ...(block1.more ? request : this.#asking(request, next())),
        payload,
        block1,
        ...(num === 0 ? { size1: body.length } : {}),
      };
      const response = await this.#deps.exchange(peer, asked, next());
      const { block1: echoed, code } = response;
      // RFC 7959 §2.9.3: the same again in smaller blocks.
      if (code === TOO_LARGE && num === 0 && echoed !== undefined && echoed.szx < szx) {
        szx = echoed.szx;
        continue;
      }
      if (!block1.more || !isSuccess(code)) return response;
      if (echoed?.num !== num) throw fault('COAP_BLOCKS', `block ${num} was answered ${code} as ${echoed?.num}`);
      offset += payload.length;
      szx = Math.min(szx, echoed.szx);
    }
  }

  /** RFC 7959 §2.4: a size that is asked for from the start. */
  #asking(request: WireRequest, { blockSzx }: RequestOptions): WireRequest {
    const szx = Math.min(this.#deps.params.blockSzx, blockSzx ?? MAX_SZX);
    return szx === MAX_SZX ? request : { ...request, block2: { num: 0, more: false, szx } };
  }

  /** The largest block that we may send, and that fits into a datagram beside the request's options. */
  #szxOf(request: CoapRequest, { blockSzx = MAX_SZX }: RequestOptions): number {
    const szx = Math.min(this.#deps.params.blockSzx, blockSzx);
    const payload = request.payload?.length ?? 0;
    // Beside half a block there is room for any options that are in use.
    if (payload <= blockBytes(MAX_SZX - 1)) return szx;
    let bytes = ENVELOPE_BYTES;
    for (const { value } of requestOptions(request)) bytes += 5 + value.length;
    return Math.min(szx, szxWithin(MAX_DATAGRAM_BYTES - bytes));
  }
}

/** Options whose time runs out over all exchanges of a transfer. */
function within(options: RequestOptions, timeoutMs: number, clock: Clock): () => RequestOptions {
  const endMs = clock.monotonicMs() + timeoutMs;
  return () => ({ ...options, timeoutMs: Math.max(0, endMs - clock.monotonicMs()) });
}

/** The response as its caller knows it. */
function bare(response: WireResponse): CoapResponse {
  const { block1, block2, size1, size2 } = response;
  if (block1 === undefined && block2 === undefined && size1 === undefined && size2 === undefined) return response;
  const { block1: _1, block2: _2, size1: _3, size2: _4, ...rest } = response;
  return rest;
}
