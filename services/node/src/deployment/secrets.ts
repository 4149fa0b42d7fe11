import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { generateApiKey } from "@koinon/gateway/keys/api-key";
import { writePrivateFile, writePublicFile } from "@koinon/machine/private-file";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { Authority } from "../authority.ts";
import { createLogSignerKey, verifierKeyOf } from "../laptop/log-identity.ts";
import { trustText } from "../laptop/trust.ts";
import { deploymentGenesisText } from "./genesis.ts";

const certificateDays = 397;
const services = ["gateway", "market", "poi", "provider", "chain"] as const;

interface Dependencies {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Makes what the services of a deployment must be given: below `folder`, `<service>/env/<VARIABLE>` for secrets and
 * `<service>/tls/` with tls.crt, tls.key and ca.crt, in the form that `kubectl create secret --from-file` takes; `authority/` to issue
 * more certificates with; `chain/genesis.json`; `trust.json`, still without providers. What is there is kept, certificates are
 * issued anew.
 */
export async function writeDeploymentSecrets(folder: string, deps: Dependencies): Promise<void> {
  const { random } = deps;
  const secret = (service: string, variable: string, create: () => string) =>
    readOrCreateSecret(path.join(privateFolder(folder, service, "env"), variable), create);
  const key = () => Buffer.from(random.bytes(32)).toString("hex");
  secret("gateway", "GATEWAY_SEED", key);
  secret("gateway", "GATEWAY_ADMINISTRATOR_KEY", () => generateApiKey(random).text);
  secret("market", "MARKET_PAGE_TOKEN_KEY", key);
  const log = secret("poi", "POI_LOG_KEY", () => createLogSignerKey(random));
  const anchorKey = secret("poi", "POI_ANCHOR_KEY", () => bytesToHex(random.bytes(32)));
  const genesisFile = path.join(privateFolder(folder, "chain"), "genesis.json");
  if (!existsSync(genesisFile)) {
    writePublicFile(genesisFile, deploymentGenesisText(createSigner(hexToBytes(anchorKey as Hex)).address, deps));
  }
  const authority = await Authority.open(privateFolder(folder, "authority"), "Koinon services", deps);
  for (const service of services) await issue(privateFolder(folder, service, "tls"), service, authority);
  const trustFile = path.join(folder, "trust.json");
  if (!existsSync(trustFile)) writePublicFile(trustFile, trustText(verifierKeyOf(log), []));
}

/** No line end: what is in the file is what a Secret, and so a variable, holds. */
function readOrCreateSecret(file: string, create: () => string): string {
  if (existsSync(file)) return readFileSync(file, "utf8");
  const content = create();
  writePrivateFile(file, content);
  return content;
}

function privateFolder(...parts: readonly string[]): string {
  const folder = path.join(...parts);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

async function issue(folder: string, service: string, authority: Authority): Promise<void> {
  const files = { keyFile: path.join(folder, "tls.key"), certificateFile: path.join(folder, "tls.crt") };
  await authority.issue(files, { services: [service], days: certificateDays });
  writePrivateFile(path.join(folder, "ca.crt"), authority.certificatePem);
}
