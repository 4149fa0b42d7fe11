import { verifyConsistency } from "@koinon/merkle/consistency";
import { isSameHash, portableTreeHasher, type TreeHasher } from "@koinon/merkle/tree-hasher";
import { type Checkpoint, type LogIdentity, openCheckpoint, parseCheckpoint } from "./checkpoint.ts";
import { type Ed25519, portableEd25519 } from "./ed25519.ts";
import { parseNote } from "./note.ts";
import { TlogError } from "./tlog-error.ts";

/** Why a witness does not cosign. */
export type WitnessRefusal =
  /** The origin is not one of the logs it knows. */
  | { reason: "UNKNOWN_LOG"; origin: string }
  /** The note is malformed, or the log's signature is missing or wrong. */
  | { reason: "BAD_SIGNATURE" }
  /** The checkpoint is smaller than the size that the request claims to grow from. */
  | { reason: "ROLLBACK"; oldSize: bigint; size: bigint }
  /** The request grows from another size than the last one cosigned. */
  | { reason: "STALE"; knownSize: bigint }
  /** Same size, other root: the log shows two trees. */
  | { reason: "FORK"; size: bigint }
  /** The checkpoint of an empty tree has not the empty root. */
  | { reason: "BAD_EMPTY_ROOT" }
  /** The proof does not lead from the known root to the new one: a fork, or a broken proof. */
  | { reason: "BAD_PROOF"; knownSize: bigint; size: bigint };

/** What a witness makes of a submission. */
export type WitnessVerdict =
  | { readonly accepted: true; readonly checkpoint: Checkpoint; readonly text: string }
  | { readonly accepted: false; readonly refusal: WitnessRefusal };

/** A new checkpoint handed to a witness (C2SP tlog-witness, add-checkpoint). */
export interface WitnessSubmission {
  readonly note: string;
  /** Size of the tree that the proof starts from; 0 for the first time. */
  readonly oldSize: bigint;
  readonly proof: readonly Uint8Array[];
}

/**
 * The rules of C2SP tlog-witness, add-checkpoint, as a pure function. `lastSeen` answers the last checkpoint that this witness
 * cosigned for an origin. The caller stores an accepted checkpoint atomically with having checked it, and before it cosigns.
 */
export function judgeSubmission(
  submission: WitnessSubmission,
  logs: readonly LogIdentity[],
  lastSeen: (origin: string) => Pick<Checkpoint, "size" | "root"> | undefined,
  ed25519: Ed25519 = portableEd25519,
  hasher: TreeHasher = portableTreeHasher,
): WitnessVerdict {
  const opened = openSubmission(submission.note, logs, ed25519);
  if ("reason" in opened) return { accepted: false, refusal: opened };
  const known = lastSeen(opened.checkpoint.origin) ?? { size: 0n, root: hasher.emptyRoot };
  const refusal = judgeGrowth(known, opened.checkpoint, submission, hasher);
  return refusal === undefined ? { accepted: true, ...opened } : { accepted: false, refusal };
}

/** The HTTP status that C2SP tlog-witness gives to each refusal. */
export function witnessStatus(refusal: WitnessRefusal): 400 | 403 | 404 | 409 | 422 {
  switch (refusal.reason) {
    case "UNKNOWN_LOG":
      return 404;
    case "BAD_SIGNATURE":
      return 403;
    case "ROLLBACK":
      return 400;
    case "STALE":
      return 409;
    case "FORK":
    case "BAD_EMPTY_ROOT":
    case "BAD_PROOF":
      return 422;
  }
}

function openSubmission(
  note: string,
  logs: readonly LogIdentity[],
  ed25519: Ed25519,
): { checkpoint: Checkpoint; text: string } | WitnessRefusal {
  try {
    const { origin } = parseCheckpoint(parseNote(note).text);
    const log = logs.find((candidate) => candidate.origin === origin);
    if (log === undefined) return { reason: "UNKNOWN_LOG", origin };
    const opened = openCheckpoint(note, log, [], ed25519);
    return { checkpoint: opened.checkpoint, text: opened.note.text };
  } catch (error) {
    if (error instanceof TlogError) return { reason: "BAD_SIGNATURE" };
    throw error;
  }
}

function judgeGrowth(
  known: Pick<Checkpoint, "size" | "root">,
  candidate: Checkpoint,
  { oldSize, proof }: WitnessSubmission,
  hasher: TreeHasher,
): WitnessRefusal | undefined {
  const { size } = candidate;
  if (oldSize > size) return { reason: "ROLLBACK", oldSize, size };
  if (oldSize !== known.size) return { reason: "STALE", knownSize: known.size };
  if (size === 0n && !isSameHash(candidate.root, hasher.emptyRoot)) return { reason: "BAD_EMPTY_ROOT" };
  if (size === known.size && !isSameHash(candidate.root, known.root)) return { reason: "FORK", size };
  if (verifyConsistency(known, candidate, proof, hasher)) return undefined;
  return { reason: "BAD_PROOF", knownSize: known.size, size };
}
