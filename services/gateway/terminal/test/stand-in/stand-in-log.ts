import { readRoot } from "@koinon/merkle/hash-reader";
import { createInclusionProof } from "@koinon/merkle/inclusion";
import { portableTreeHasher } from "@koinon/merkle/tree-hasher";
import type { TreePosition } from "@koinon/merkle/tree-position";
import type { Inclusion } from "@koinon/receipts/bundle";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { formatCheckpoint } from "@koinon/tlog/checkpoint";
import { formatNote } from "@koinon/tlog/note";
import { createSignerKey, formatVerifierKey, type SignerKey } from "@koinon/tlog/note-key";
import { cosignNote, signNote } from "@koinon/tlog/note-signature";

/** A transparency log in memory, signed by one key and cosigned by one witness. */
export class StandInLog {
  readonly origin: string;
  readonly #key: SignerKey;
  readonly #witness: SignerKey;
  readonly #leaves: Uint8Array[] = [];

  constructor(origin: string, seeds: { readonly log: Uint8Array; readonly witness: Uint8Array }) {
    this.origin = origin;
    this.#key = createSignerKey("koinon.local/log", "ed25519", seeds.log);
    this.#witness = createSignerKey("witness.example", "cosignature", seeds.witness);
  }

  get vkey(): string {
    return formatVerifierKey(this.#key);
  }

  get witnessVkey(): string {
    return formatVerifierKey(this.#witness);
  }

  get size(): number {
    return this.#leaves.length;
  }

  /** Appends an entry; answers its index. */
  append(entry: Uint8Array): number {
    this.#leaves.push(portableTreeHasher.leaf(entry));
    return this.#leaves.length - 1;
  }

  async checkpoint(): Promise<string> {
    const root = await readRoot(this.#reader(), this.size);
    const text = formatCheckpoint({ origin: this.origin, size: BigInt(this.size), root, extensions: [] });
    const seconds = BigInt(Math.floor(Date.now() / 1000));
    return formatNote({ text, signatures: [signNote(text, this.#key), cosignNote(text, this.#witness, seconds)] });
  }

  async prove(index: number): Promise<Inclusion> {
    const hashes = await createInclusionProof(this.#reader(), index, this.size);
    return { index: BigInt(index), hashes: hashes.map((hash) => bytesToHex(hash)) };
  }

  #reader() {
    const hashOf = ({ level, index }: TreePosition): Uint8Array => {
      if (level === 0) return this.#leaves[Number(index)] as Uint8Array;
      const left = hashOf({ level: level - 1, index: index * 2n });
      return portableTreeHasher.node(left, hashOf({ level: level - 1, index: index * 2n + 1n }));
    };
    return { readHashes: async (positions: readonly TreePosition[]) => positions.map(hashOf) };
  }
}
