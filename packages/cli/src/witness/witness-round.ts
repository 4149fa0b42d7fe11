import { createConsistencyProof } from "@koinon/merkle/consistency";
import { HASH_BYTES } from "@koinon/merkle/tree-hasher";
import type { Clock } from "@koinon/runtime/clock";
import type { LogClient } from "@koinon/sdk/log-client";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { type Checkpoint, type LogIdentity, parseCheckpoint } from "@koinon/tlog/checkpoint";
import { formatNote, type Note, parseNote } from "@koinon/tlog/note";
import type { SignerKey } from "@koinon/tlog/note-key";
import { cosignNote } from "@koinon/tlog/note-signature";
import type { TileId } from "@koinon/tlog/tile";
import { formatTilePath } from "@koinon/tlog/tile-path";
import { createTileHashReader, type TileSource } from "@koinon/tlog/tile-reader";
import { createVerifiedTileSource } from "@koinon/tlog/tile-verifier";
import { TlogError } from "@koinon/tlog/tlog-error";
import { judgeSubmission, type WitnessRefusal } from "@koinon/tlog/witness";
import { createHttpLogFiles, type LogFiles, readTile } from "../audit/log-files.ts";
import { saveEvidence } from "./evidence.ts";
import type { WitnessState } from "./witness-state.ts";

/** What came of one look at the log. */
export type RoundOutcome =
  | { readonly status: "cosigned" | "unchanged"; readonly origin: string; readonly size: bigint }
  | { readonly status: "refused"; readonly refusal: WitnessRefusal; readonly evidence: string }
  /** The log's tiles do not belong to its checkpoint, or the note is none: nothing to accuse it of, and nothing to vouch for. */
  | { readonly status: "unreadable"; readonly problem: string };

/** What a witness works with. */
export interface WitnessParts {
  readonly key: SignerKey;
  readonly logs: readonly LogIdentity[];
  readonly log: LogClient;
  readonly state: WitnessState;
  readonly evidenceFolder: string;
  readonly clock: Clock;
}

/** Looks at the log's checkpoint once: judges it by the rules of C2SP tlog-witness, remembers it, cosigns it and hands that in. */
export async function runRound(parts: WitnessParts, signal: AbortSignal): Promise<RoundOutcome> {
  const note = await parts.log.checkpoint({ signal });
  try {
    return await judge(parts, note, signal);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    return { status: "unreadable", problem: error.message };
  }
}

async function judge(parts: WitnessParts, text: string, signal: AbortSignal): Promise<RoundOutcome> {
  const { state, logs } = parts;
  const note = parseNote(text);
  const offered = parseCheckpoint(note.text);
  const known = state.lastSeen(offered.origin);
  const oldSize = known?.checkpoint.size ?? 0n;
  const proof = await proveGrowth(createHttpLogFiles(parts.log), oldSize, offered, signal);
  const verdict = judgeSubmission({ note: text, oldSize, proof }, logs, (origin) => state.lastSeen(origin)?.checkpoint);
  if (!verdict.accepted && isNobodys(verdict.refusal)) return { status: "unreadable", problem: verdict.refusal.reason };
  if (!verdict.accepted) {
    const evidence = saveEvidence(parts.evidenceFolder, {
      refusal: verdict.refusal,
      known: known?.note ?? null,
      offered: text,
      proof: proof.map(bytesToHex),
      observedAt: parts.clock.now(),
    });
    return { status: "refused", refusal: verdict.refusal, evidence };
  }
  const { origin, size } = verdict.checkpoint;
  if (known?.note !== undefined && known.checkpoint.size === size && isCosigned(note, parts.key))
    return { status: "unchanged", origin, size };
  // Remembered before it is signed: a crash in between costs a cosignature, the other order could cost the witness its word.
  state.remember({ checkpoint: verdict.checkpoint, note: text });
  await parts.log.addCosignature(cosigned(note, parts), { signal });
  return { status: "cosigned", origin, size };
}

/** A note that no known log signed is no evidence against anybody. */
function isNobodys({ reason }: WitnessRefusal): boolean {
  return reason === "UNKNOWN_LOG" || reason === "BAD_SIGNATURE";
}

function isCosigned({ signatures }: Note, key: SignerKey): boolean {
  return signatures.some(({ name, keyId }) => name === key.name && keyId === key.keyId);
}

/** The note with the lines of the log and of this witness. */
function cosigned(note: Note, { key, logs, clock }: WitnessParts): string {
  const isLogs = (line: Note["signatures"][number]): boolean =>
    logs.some((log) => log.key.name === line.name && log.key.keyId === line.keyId);
  const line = cosignNote(note.text, key, BigInt(Math.floor(clock.now() / 1000)));
  return formatNote({ text: note.text, signatures: [...note.signatures.filter(isLogs), line] });
}

/** The consistency proof, from the log's own tiles once they have been shown to be those of the new checkpoint. */
async function proveGrowth(
  files: LogFiles,
  oldSize: bigint,
  offered: Checkpoint,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  if (oldSize === 0n || oldSize >= offered.size) return [];
  const source = createVerifiedTileSource(createTileSource(files, signal), offered);
  return createConsistencyProof(createTileHashReader(source, offered.size), oldSize, offered.size);
}

function createTileSource(files: LogFiles, signal: AbortSignal): TileSource {
  const read = async (id: TileId): Promise<Uint8Array> => {
    const content = await readTile(files, id, signal);
    if (content === undefined)
      throw new TlogError({ code: "TILE_MALFORMED", path: formatTilePath(id), reason: "missing" });
    return content.subarray(0, id.width * HASH_BYTES);
  };
  return { readTiles: (ids) => Promise.all(ids.map(read)) };
}
