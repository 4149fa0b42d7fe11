import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { generateApiKey } from "@koinon/gateway/keys/api-key";
import { trustToJson } from "@koinon/receipts/trust";
import { type CertifiedKey, createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import { zeroAddress } from "@koinon/secp256k1/address";
import { createLogSignerKey, verifierKeyOf } from "../laptop/log-identity.ts";
import { writePrivateFile, writePublicFile } from "../laptop/private-file.ts";

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const certificateDays = 397;
const services = ["gateway", "market", "poi", "provider"] as const;

interface Dependencies {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Makes what the services of a deployment must be given: below `folder`, `<service>/env/<VARIABLE>` for secrets and
 * `<service>/tls/` with tls.crt, tls.key and ca.crt, in the form that `kubectl create secret --from-file` takes; `authority/` to issue
 * more certificates with; `trust.json`, still without providers. Secrets that are there are kept, certificates are issued anew.
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
  const authority = await ensureAuthority(privateFolder(folder, "authority"), deps);
  for (const service of services) await issue(privateFolder(folder, service, "tls"), service, authority, deps);
  const trustFile = path.join(folder, "trust.json");
  if (!existsSync(trustFile)) writePublicFile(trustFile, `${JSON.stringify(trustOf(log), null, 2)}\n`);
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

function trustOf(logSignerKey: string) {
  return trustToJson({
    chainId: 31_337n,
    verifyingContract: zeroAddress,
    logs: [verifierKeyOf(logSignerKey)],
    witnesses: { vkeys: [], threshold: 0 },
    providers: [],
  });
}

async function ensureAuthority(folder: string, { clock, random }: Dependencies): Promise<CertifiedKey> {
  const [certificateFile, keyFile] = [path.join(folder, "ca.crt"), path.join(folder, "ca.key")];
  if (existsSync(certificateFile)) {
    return { certificatePem: readFileSync(certificateFile, "utf8"), keyPem: readFileSync(keyFile, "utf8") };
  }
  const validity = { notBefore: clock.now() - dayMs, notAfter: clock.now() + authorityDays * dayMs };
  const authority = await createAuthority({ name: "Koinon services", ...validity }, random);
  // The certificate last: its presence says that the key is whole.
  writePrivateFile(keyFile, authority.keyPem);
  writePrivateFile(certificateFile, authority.certificatePem);
  return authority;
}

async function issue(
  folder: string,
  service: string,
  authority: CertifiedKey,
  { clock, random }: Dependencies,
): Promise<void> {
  const validity = { notBefore: clock.now() - 60 * 60 * 1000, notAfter: clock.now() + certificateDays * dayMs };
  const issued = await issueCertificate(authority, { ...validity, services: [service] }, random);
  writePrivateFile(path.join(folder, "tls.key"), issued.keyPem);
  writePrivateFile(path.join(folder, "tls.crt"), issued.certificatePem);
  writePrivateFile(path.join(folder, "ca.crt"), authority.certificatePem);
}
