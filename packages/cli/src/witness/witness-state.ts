import { existsSync, readFileSync } from "node:fs";
import { writePrivateFile } from "@koinon/machine/private-file";
import { type Checkpoint, parseCheckpoint } from "@koinon/tlog/checkpoint";
import { parseNote } from "@koinon/tlog/note";
import { z } from "zod";
import { InputError } from "../command.ts";
import { reasonOf } from "../connection/files.ts";

/** The last checkpoint that this witness cosigned for a log, as the log signed it. */
export interface Seen {
  readonly checkpoint: Checkpoint;
  readonly note: string;
}

const stateSchema = z.strictObject({ format: z.literal("koinon.witness-state/1"), notes: z.array(z.string()) });

/**
 * What a witness has vouched for, one checkpoint per log. It is the witness's whole memory: without it, it could be led to vouch for
 * another history, so a file that is there and can not be read is an error, never a fresh start.
 */
export class WitnessState {
  readonly #file: string;
  readonly #seen: Map<string, Seen>;

  private constructor(file: string, seen: Map<string, Seen>) {
    this.#file = file;
    this.#seen = seen;
  }

  /** Reads the file; an absent one is a witness that has seen nothing. Throws InputError. */
  static open(file: string): WitnessState {
    if (!existsSync(file)) return new WitnessState(file, new Map());
    try {
      const { notes } = stateSchema.parse(JSON.parse(readFileSync(file, "utf8")));
      const seen = notes.map((note): Seen => ({ note, checkpoint: parseCheckpoint(parseNote(note).text) }));
      return new WitnessState(file, new Map(seen.map((entry) => [entry.checkpoint.origin, entry])));
    } catch (cause) {
      throw new InputError(`can not read the witness's state ${file}: ${reasonOf(cause)}`, { cause });
    }
  }

  /** The last checkpoint of a log. */
  lastSeen(origin: string): Seen | undefined {
    return this.#seen.get(origin);
  }

  /** Remembers a checkpoint; it is on disk when this returns, so that it comes before the cosignature. */
  remember(seen: Seen): void {
    const next = new Map(this.#seen).set(seen.checkpoint.origin, seen);
    const content = { format: "koinon.witness-state/1", notes: [...next.values()].map(({ note }) => note) };
    writePrivateFile(this.#file, `${JSON.stringify(content, null, 2)}\n`);
    this.#seen.set(seen.checkpoint.origin, seen);
  }
}
