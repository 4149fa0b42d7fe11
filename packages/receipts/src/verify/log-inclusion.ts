import { verifyInclusion } from "@koinon/merkle/inclusion";
import { portableTreeHasher } from "@koinon/merkle/tree-hasher";
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { Checkpoint } from "@koinon/tlog/checkpoint";
import type { Inclusion } from "../bundle.ts";
import type { Signed } from "../document.ts";
import { encodeLogEntry } from "../log-entry.ts";
import type { Receipt } from "../receipt.ts";
import type { Check } from "./evidence.ts";
import { failed, passed, skipped } from "./verification.ts";

/** The receipt's log entry, and the previous one's, are leaves of the tree that the checkpoint names. */
export const checkInclusion: Check = ({ bundle, checkpoint }) => {
  if (checkpoint.state !== "signed") return skipped("Not checked: there is no checkpoint of a known log.");
  const { previous, receipt, inclusion } = bundle;
  if (!isIncluded(receipt, inclusion, checkpoint.checkpoint)) {
    return failed("The inclusion proof does not lead from the receipt to the checkpoint's root.");
  }
  if (previous !== null && !isIncluded(previous.receipt, previous.inclusion, checkpoint.checkpoint)) {
    return failed("The inclusion proof of the previous receipt does not lead to the checkpoint's root.");
  }
  return passed(
    `The receipt is in the log, at index ${inclusion.index} (counted from 0) of a tree of size ${checkpoint.checkpoint.size}.`,
  );
};

function isIncluded(signed: Signed<Receipt>, { index, hashes }: Inclusion, { size, root }: Checkpoint): boolean {
  const leafHash = portableTreeHasher.leaf(encodeLogEntry({ type: "receipt", signed }));
  return verifyInclusion({ index, treeSize: size, leafHash, hashes: hashes.map(hexToBytes) }, root);
}
