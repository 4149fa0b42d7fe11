import { isHash } from "@koinon/merkle/tree-hasher";
import { TREE_SIZE_MAX } from "@koinon/merkle/tree-position";
import { base64ToBytes, bytesToBase64 } from "./base64.ts";
import { NOTE_LENGTH_MAX } from "./note.ts";
import { TlogError } from "./tlog-error.ts";
import type { WitnessSubmission } from "./witness.ts";

/** C2SP tlog-witness: a client must not send more. */
const PROOF_LINES_MAX = 63;
const REQUEST_LENGTH_MAX = NOTE_LENGTH_MAX + 64 * PROOF_LINES_MAX;

/** Writes the body of an add-checkpoint request: old size, proof lines, empty line, checkpoint. */
export function formatWitnessRequest({ note, oldSize, proof }: WitnessSubmission): string {
  const lines = [`old ${oldSize}`, ...proof.map(bytesToBase64), ""];
  return `${lines.join("\n")}\n${note}`;
}

/** Reads the body of an add-checkpoint request; throws WITNESS_REQUEST_MALFORMED. The checkpoint in it is not looked at yet. */
export function parseWitnessRequest(body: string): WitnessSubmission {
  if (body.length > REQUEST_LENGTH_MAX) throw malformed("length");
  const end = body.indexOf("\n\n");
  if (end === -1) throw malformed("no empty line");
  const [first = "", ...proofLines] = body.slice(0, end).split("\n");
  const [, size] = /^old (0|[1-9][0-9]{0,18})$/.exec(first) ?? [];
  if (size === undefined || BigInt(size) > TREE_SIZE_MAX) throw malformed("old size");
  if (proofLines.length > PROOF_LINES_MAX) throw malformed("proof lines");
  const proof = proofLines.map((line) => {
    const hash = base64ToBytes(line);
    if (hash === undefined || !isHash(hash)) throw malformed("proof line");
    return hash;
  });
  return { note: body.slice(end + 2), oldSize: BigInt(size), proof };
}

function malformed(reason: string): TlogError {
  return new TlogError({ code: "WITNESS_REQUEST_MALFORMED", reason });
}
