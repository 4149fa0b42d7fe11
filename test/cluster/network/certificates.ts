import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { waitFor } from "@koinon/testkit/wait-for";
import { clusterFile } from "./home.ts";
import { edgeNamespace, kubectl, namespace, podsOf, secretValue } from "./kubernetes.ts";

const run = promisify(execFile);
const hostMain = fileURLToPath(new URL("../../../services/node/dist/main.js", import.meta.url));
const services: readonly (readonly [service: string, place: string])[] = [
  ["gateway", namespace],
  ["market", namespace],
  ["poi", namespace],
  ["provider", namespace],
  ["provider", edgeNamespace],
];

/** Issues new certificates with the command that operators use, replaces the Secrets, and waits until pods have them before them. */
export async function rotateCertificates(authority = clusterFile("run/secrets/authority")): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), "koinon-rotation-"));
  try {
    await mkdir(path.join(folder, "authority"), { mode: 0o700 });
    for (const name of ["ca.crt", "ca.key"]) {
      await writeFile(path.join(folder, "authority", name), await readFile(path.join(authority, name)), {
        mode: 0o600,
      });
    }
    await run(process.execPath, [hostMain, "secrets", folder]);
    for (const [service, place] of services) await replaceSecret(service, place, path.join(folder, service, "tls"));
    for (const [service, place] of services) await mounted(service, place);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function replaceSecret(service: string, place: string, files: string): Promise<void> {
  const data: Record<string, string> = {};
  for (const name of ["tls.crt", "tls.key", "ca.crt"]) data[name] = await readFile(path.join(files, name), "base64");
  const patch = JSON.stringify({ data });
  await kubectl("patch", "secret", `koinon-${service}-tls`, "--namespace", place, "--type=merge", "--patch", patch);
}

/** The kubelet has put the new certificate before every pod of the service. */
async function mounted(service: string, place: string): Promise<void> {
  const certificate = await secretValue(`koinon-${service}-tls`, "tls\\.crt", place);
  for (const { metadata } of await podsOf(service, place)) {
    const read = () =>
      kubectl(
        "exec",
        metadata.name,
        "--namespace",
        place,
        "--container",
        service,
        "--",
        "node",
        "-p",
        "require('fs').readFileSync('/etc/koinon/tls/tls.crt','utf8')",
      );
    await waitFor(async () => (await read()).trim() === certificate.trim(), {
      deadlineMs: 150_000,
      intervalMs: 1_000,
      what: `${metadata.name} sees its new certificate`,
    });
  }
}
