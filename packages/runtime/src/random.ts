import { randomBytes } from "node:crypto";

/** A source of unpredictable bytes. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** The operating system's generator. */
export const systemRandom: Random = {
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
