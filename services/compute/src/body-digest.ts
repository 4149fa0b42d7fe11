import { createHash, type Hash, hash } from "node:crypto";

/** SHA-256 of a body that comes in pieces. One that comes in a single piece, as most that are not streamed do, needs no running hash. */
export class BodyDigest {
  #only: Uint8Array | undefined;
  #running: Hash | undefined;

  /** Takes the next piece, which must not change before the next call. */
  add(piece: Uint8Array): void {
    if (this.#running !== undefined) {
      this.#running.update(piece);
    } else if (this.#only === undefined) {
      this.#only = piece;
    } else {
      this.#running = createHash("sha256").update(this.#only).update(piece);
      this.#only = undefined;
    }
  }

  /** The digest of everything; called once, after the last piece. */
  finish(): Buffer {
    return this.#running?.digest() ?? hash("sha256", this.#only ?? new Uint8Array(), "buffer");
  }
}
