import { DomainError } from "@koinon/errors/domain-error";
import type { Trust } from "@koinon/receipts/trust";
import { parseCheckpoint } from "@koinon/tlog/checkpoint";
import { portableEd25519 } from "@koinon/tlog/ed25519";
import { parseNote } from "@koinon/tlog/note";
import { parseVerifierKey } from "@koinon/tlog/note-key";
import { verifyNote } from "@koinon/tlog/note-signature";

/** A checkpoint as it was found, and whether a log that is trusted signed it. */
export type CheckpointFinding =
  | { readonly kind: "unreadable"; readonly reason: string }
  | {
      readonly kind: "read";
      readonly origin: string;
      /** Entries in the tree. */
      readonly size: number;
      readonly root: string;
      /** Names on its signature lines. */
      readonly signers: readonly string[];
      readonly isSigned: boolean;
      readonly reason: string;
    };

/** Looks at the log's newest checkpoint. */
export function inspectCheckpoint(text: string, trust: Trust): CheckpointFinding {
  try {
    const note = parseNote(text);
    const { origin, size, root } = parseCheckpoint(note.text);
    const signers = note.signatures.map(({ name }) => name);
    const read = { kind: "read", origin, size: Number(size), root: hexOf(root), signers } as const;
    const log = trust.logs.find((known) => known.origin === origin);
    if (log === undefined) return { ...read, isSigned: false, reason: "The trust file does not name this log." };
    try {
      verifyNote(note, [parseVerifierKey(log.vkey)], portableEd25519);
      return { ...read, isSigned: true, reason: "Signed by the log's key in the trust file." };
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      return { ...read, isSigned: false, reason: "The signature of the log's key does not verify." };
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { kind: "unreadable", reason: error.message };
  }
}

function hexOf(bytes: Uint8Array): string {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
