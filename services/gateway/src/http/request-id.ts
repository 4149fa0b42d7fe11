import { createHmac } from "node:crypto";

const PREFIX = "req_";
const ID_BYTES = 16;
const WIRE_BYTES = 32;
const POOL_IDS = 256;

/**
 * The id of one HTTP request: `req_` and 16 bytes in hex. On the wire and in receipts the bytes stand right-aligned in 32
 * (docs/architecture.md, "Everything signed").
 */
export class RequestIds {
  readonly #random: { bytes(length: number): Uint8Array };
  #pool: Buffer = Buffer.alloc(0);
  #offset = 0;

  constructor(dependencies: { readonly random: { bytes(length: number): Uint8Array } }) {
    this.#random = dependencies.random;
  }

  /** Draws a new id. Bytes are drawn for 256 ids at a time, because a system call per request is measurable. */
  next(): string {
    if (this.#offset >= this.#pool.length) {
      this.#pool = Buffer.from(this.#random.bytes(ID_BYTES * POOL_IDS));
      this.#offset = 0;
    }
    const start = this.#offset;
    this.#offset += ID_BYTES;
    return PREFIX + this.#pool.toString("hex", start, this.#offset);
  }
}

/**
 * The id of every request that one API key makes with the same `idempotency-key`. The market serves an id once, so a retry
 * is refused wherever it lands. Keyed by a secret of the gateway, since ids become public in the log and clients' keys can be
 * guessable words.
 */
export function idempotentRequestId(secret: Uint8Array, keyId: string, idempotencyKey: string): string {
  const mac = createHmac("sha256", secret).update(`${keyId}\0${idempotencyKey}`).digest();
  return PREFIX + mac.toString("hex", 0, ID_BYTES);
}

/** The 32 bytes by which services and receipts know the request. */
export function requestIdToBytes(requestId: string): Buffer {
  const bytes = Buffer.alloc(WIRE_BYTES);
  bytes.write(requestId.slice(PREFIX.length), WIRE_BYTES - ID_BYTES, "hex");
  return bytes;
}

/** Parses what a client may name a request by, its request id or its receipt id; undefined when it is neither. */
export function lookupIdToBytes(id: string): Buffer | undefined {
  if (/^req_[0-9a-f]{32}$/.test(id)) return requestIdToBytes(id);
  return /^0x[0-9a-f]{64}$/.test(id) ? Buffer.from(id.slice(2), "hex") : undefined;
}
