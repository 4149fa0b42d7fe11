import type { Check } from "./evidence.ts";
import { failed, passed } from "./verification.ts";

/** The receipt's provider is one whose root key the trust file knows. */
export const checkProviderRoot: Check = ({ bundle, trust }) => {
  const { provider } = bundle.receipt.document;
  const known = trust.providers.find((candidate) => candidate.root === provider);
  if (known === undefined) return failed(`The provider ${provider} is not in the trust file.`);
  return passed(`${known.name} (${provider}) is a provider that the trust file names.`, [
    { kind: "provider", id: known.root, name: known.name },
  ]);
};
