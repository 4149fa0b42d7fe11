import { manifestHash } from "../manifest.ts";
import { receiptKind } from "../receipt.ts";
import type { Check } from "./evidence.ts";
import { failed, passed } from "./verification.ts";

/** The manifest is the one that the receipt names, and the work is of its kind. */
export const checkManifest: Check = ({ bundle }) => {
  const { manifest, receipt } = bundle;
  const hash = manifestHash(manifest);
  if (hash !== receipt.document.subject)
    return failed(`The manifest's hash is ${hash}, the receipt names ${receipt.document.subject}.`);
  const kind = manifest.kind === "chat" ? receiptKind.inference : receiptKind.embedding;
  if (receipt.document.kind !== kind) return failed(`The receipt is not for work of a model of kind ${manifest.kind}.`);
  return passed(`The answer is from ${manifest.name} with manifest ${hash}.`);
};
