import type { Trust } from "@koinon/receipts/trust";
import { type Checkpoint, openCheckpoint, parseCheckpoint } from "@koinon/tlog/checkpoint";
import { parseNote } from "@koinon/tlog/note";
import { parseVerifierKey } from "@koinon/tlog/note-key";
import { TlogError } from "@koinon/tlog/tlog-error";
import { LogError } from "./audit-failure.ts";

/** A checkpoint of a trusted log, signed by it and cosigned by enough trusted witnesses. */
export interface OpenedLog {
  readonly checkpoint: Checkpoint;
  /** Names of the trusted witnesses that cosigned. */
  readonly witnesses: readonly string[];
}

/** Opens a checkpoint under a trust file; throws LogError. Lines of keys that the trust file does not name are passed over. */
export function openLog(note: string, trust: Trust): OpenedLog {
  const origin = originOf(note);
  const log = trust.logs.find((candidate) => candidate.origin === origin);
  if (log === undefined) throw new LogError({ code: "LOG_UNKNOWN", origin });
  const key = parseVerifierKey(log.vkey);
  const witnessKeys = trust.witnesses.vkeys.map((vkey) => parseVerifierKey(vkey));
  try {
    const { checkpoint, note: verified } = openCheckpoint(note, { origin, key }, witnessKeys);
    const witnesses = verified.verified.filter((line) => line.key !== key).map((line) => line.key.name);
    const needed = trust.witnesses.threshold;
    if (witnesses.length < needed)
      throw new LogError({ code: "TOO_FEW_WITNESSES", cosigned: witnesses.length, needed });
    return { checkpoint, witnesses };
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new LogError({ code: "CHECKPOINT_NOT_SIGNED", origin, reason: error.message }, { cause: error });
  }
}

function originOf(note: string): string {
  try {
    return parseCheckpoint(parseNote(note).text).origin;
  } catch (error) {
    if (!(error instanceof TlogError)) throw error;
    throw new LogError({ code: "CHECKPOINT_MALFORMED", reason: error.message }, { cause: error });
  }
}
