import type { Ed25519 } from "@koinon/tlog/ed25519";
import { parseVerifierKey, type VerifierKey } from "@koinon/tlog/note-key";
import { type VerifiedNote, verifyNote } from "@koinon/tlog/note-signature";
import { TlogError } from "@koinon/tlog/tlog-error";
import { type Check, clockSkewMs } from "./evidence.ts";
import type { SignedCheckpoint } from "./opened-checkpoint.ts";
import { failed, passed, skipped } from "./verification.ts";

/** Enough trusted witnesses cosigned the checkpoint, and it carries no other line. */
export const checkWitnesses: Check = ({ checkpoint, trust, now, ed25519 }) => {
  if (checkpoint.state !== "signed") return skipped("Not checked: there is no checkpoint of a known log.");
  const { vkeys, threshold } = trust.witnesses;
  const keys = new Map<VerifierKey, string>(vkeys.map((vkey) => [parseVerifierKey(vkey), vkey]));
  const note = openCosignatures(checkpoint, [...keys.keys()], ed25519);
  if (typeof note === "string") return failed(note);
  const { verified, ignored } = note;
  if (ignored[0] !== undefined)
    return failed(`The checkpoint carries a signature of ${ignored[0].name} that nobody here knows, or one twice.`);
  const latest = now === undefined ? undefined : BigInt(Math.trunc((now + clockSkewMs) / 1000));
  const early = verified.find(({ timestamp }) => latest !== undefined && (timestamp ?? 0n) > latest);
  if (early !== undefined) return failed(`The witness ${early.key.name} cosigned in the future.`);
  if (verified.length < threshold)
    return failed(`${verified.length} trusted witnesses cosigned, the threshold is ${threshold}.`);
  if (verified.length === 0) return passed("The trust file asks for no witness.");
  return passed(
    `${verified.length} trusted witnesses cosigned, the threshold is ${threshold}.`,
    verified.map(({ key }) => ({ kind: "witness", id: keys.get(key) ?? "", name: key.name })),
  );
};

function openCosignatures(
  { note, cosignatures }: SignedCheckpoint,
  keys: readonly VerifierKey[],
  ed25519: Ed25519,
): Pick<VerifiedNote, "verified" | "ignored"> | string {
  if (cosignatures.length === 0) return { verified: [], ignored: [] };
  try {
    return verifyNote({ text: note.text, signatures: cosignatures }, keys, ed25519);
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    if (error.fault.code === "NOTE_UNSIGNED") return { verified: [], ignored: cosignatures };
    return `A cosignature does not verify: ${error.message}.`;
  }
}
