import type { Database } from "@koinon/postgres/database";
import { parseCheckpoint } from "@koinon/tlog/checkpoint";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { formatSignatureLine, parseNote } from "@koinon/tlog/note";
import { formatVerifierKey, type VerifierKey } from "@koinon/tlog/note-key";
import { type VerifiedSignature, verifyNote } from "@koinon/tlog/note-signature";
import { TlogError } from "@koinon/tlog/tlog-error";
import { PoiError } from "../errors.ts";
import type { PoiMetrics } from "../metrics.ts";
import { checkpointOfSize, insertCosignatures } from "../store/checkpoint-store.ts";
import { publishedChannel } from "./published-log.ts";

/** Takes cosignatures of configured witnesses on checkpoints that were published, as they are. */
export class Cosigning {
  readonly #witnesses: readonly VerifierKey[];
  readonly #database: Database;
  readonly #metrics: PoiMetrics;

  constructor(
    options: { witnesses: readonly VerifierKey[] },
    dependencies: { database: Database; metrics: PoiMetrics },
  ) {
    this.#witnesses = options.witnesses;
    this.#database = dependencies.database;
    this.#metrics = dependencies.metrics;
  }

  /** Stores the lines of configured witnesses in a note; throws WITNESS_UNKNOWN, COSIGNATURE_INVALID or CHECKPOINT_UNKNOWN. */
  async add(note: string): Promise<void> {
    const { size, text, signatures } = this.#open(note);
    const published = await checkpointOfSize(this.#database, size);
    if (published === undefined || parseNote(published.note).text !== text) {
      throw new PoiError({ code: "CHECKPOINT_UNKNOWN", size });
    }
    const cosignatures = signatures.map(({ key, line, timestamp }) => ({
      ...{ size, vkey: formatVerifierKey(key), line: formatSignatureLine(line), timestamp: timestamp ?? 0n },
    }));
    await this.#database.transaction((sql) => insertCosignatures(sql, cosignatures, publishedChannel));
    this.#metrics.cosigned(cosignatures.length);
  }

  #open(note: string): { size: bigint; text: string; signatures: readonly VerifiedSignature[] } {
    try {
      const { text, verified } = verifyNote(parseNote(note), this.#witnesses, nodeEd25519);
      return { size: parseCheckpoint(text).size, text, signatures: verified };
    } catch (error) {
      if (!(error instanceof TlogError)) throw error;
      if (error.code === "NOTE_UNSIGNED") throw new PoiError({ code: "WITNESS_UNKNOWN" }, { cause: error });
      throw new PoiError({ code: "COSIGNATURE_INVALID", reason: error.message }, { cause: error });
    }
  }
}
