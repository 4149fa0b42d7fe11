import { readFileSync } from "node:fs";
import path from "node:path";
import { openProviderKeys } from "@koinon/compute/provider/keys";
import { readOrCreatePrivateFile, writePublicFile } from "@koinon/machine/private-file";
import { createKoinonDomain } from "@koinon/receipts/domain";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import { zeroAddress } from "@koinon/secp256k1/address";
import type { DataFolder } from "./data-folder.ts";
import { developmentAnchoring } from "./development-chain.ts";
import { ensureLogIdentity } from "./log-identity.ts";
import type { Party } from "./parties.ts";
import { laptopChainId, trustText } from "./trust.ts";

/** Secrets of the network's own services. */
export interface Identities {
  /** The gateway's seed, 32 bytes in hex. */
  readonly seed: string;
  /** Key of the market's page tokens, 32 bytes in hex. */
  readonly pageTokenKey: string;
  /** Signer key of the log. */
  readonly logKey: string;
}

/** Reads every key of the network, making those that are missing, and publishes what others may trust as `trust.json`. */
export async function ensureIdentities(
  folder: DataFolder,
  parties: readonly Party[],
  { clock, random }: { clock: Clock; random: Random },
): Promise<Identities> {
  const secret = (name: string) =>
    readOrCreatePrivateFile(path.join(folder.keys, name), () => Buffer.from(random.bytes(32)).toString("hex"));
  const domain = createKoinonDomain({ chainId: laptopChainId, verifyingContract: zeroAddress });
  const providers = [];
  for (const { name } of parties) {
    const keys = await openProviderKeys(path.join(folder.provider(name), "keys"), { domain, clock, random });
    providers.push({ root: keys.provider, name });
  }
  const log = ensureLogIdentity(folder, random);
  writePublicFile(folder.trustFile, trustText(log, providers, developmentAnchoring(folder)));
  return {
    seed: secret("gateway-seed"),
    pageTokenKey: secret("market-page-tokens"),
    logKey: readFileSync(log.keyFile, "utf8").trim(),
  };
}
