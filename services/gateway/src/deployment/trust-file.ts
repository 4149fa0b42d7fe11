import { readFile } from "node:fs/promises";
import { parseTrust, type Trust } from "@koinon/receipts/trust";
import { formatNote, parseNote } from "@koinon/tlog/note";
import { parseVerifierKey } from "@koinon/tlog/note-key";

/** Options of the trust file. */
export interface TrustFileOptions {
  /** Where it is; undefined when this deployment publishes none. */
  readonly path: string | undefined;
}

const REREAD_MS = 1_000;

interface Read {
  readonly bytes: Buffer;
  readonly trust: Trust;
  /** Names and ids of the keys whose signatures readers of this file know. */
  readonly keys: ReadonlySet<string>;
  readonly atMs: number;
}

/** The trust file that a deployment publishes. It is read again when it is older than a second, so it can be replaced in place. */
export class TrustFile {
  readonly #path: string | undefined;
  readonly #clock: { now(): number };
  #read: Read | undefined;

  constructor(options: TrustFileOptions, dependencies: { readonly clock: { now(): number } }) {
    this.#path = options.path;
    this.#clock = dependencies.clock;
  }

  /** The file as it is; undefined when there is none configured. Rejects when it can not be read or is no trust file. */
  async current(): Promise<{ readonly bytes: Buffer; readonly trust: Trust } | undefined> {
    return this.#current();
  }

  /**
   * The checkpoint with only those signature lines whose keys the trust file knows: a verifier refuses notes with lines of
   * strangers. Unchanged when no trust file is published, or when nothing would be left of it.
   */
  async trimCheckpoint(checkpoint: string): Promise<string> {
    const keys = (await this.#current())?.keys;
    if (keys === undefined) return checkpoint;
    const note = parseNote(checkpoint);
    const signatures = note.signatures.filter(({ name, keyId }) => keys.has(`${name}+${keyId}`));
    return signatures.length === 0 ? checkpoint : formatNote({ text: note.text, signatures });
  }

  async #current(): Promise<Read | undefined> {
    if (this.#path === undefined) return undefined;
    const atMs = this.#clock.now();
    if (this.#read === undefined || atMs - this.#read.atMs >= REREAD_MS)
      this.#read = await readTrustFile(this.#path, atMs);
    return this.#read;
  }
}

async function readTrustFile(path: string, atMs: number): Promise<Read> {
  const bytes = await readFile(path);
  const trust = parseTrust(bytes);
  const vkeys = [...trust.logs.map(({ vkey }) => vkey), ...trust.witnesses.vkeys].map((vkey) => parseVerifierKey(vkey));
  return { bytes, trust, keys: new Set(vkeys.map(({ name, keyId }) => `${name}+${keyId}`)), atMs };
}
