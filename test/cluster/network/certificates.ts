import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect } from "node:tls";
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

/**
 * Issues new certificates with the command that operators use, replaces the Secrets, and waits until pods have them before them and
 * show them to who dials, as the same processes.
 */
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
    const before = await processes();
    for (const [service, place] of services) await replaceSecret(service, place, path.join(folder, service, "tls"));
    for (const [service, place] of services) await inUse(service, place);
    if ((await processes()) !== before) throw new Error("pods were replaced or started again for a new certificate");
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

/** Every process of the services, by pod and number of starts. */
async function processes(): Promise<string> {
  const pods = (await Promise.all(services.map(([service, place]) => podsOf(service, place)))).flat();
  return JSON.stringify(
    pods.map(({ metadata, status }) => [
      metadata.uid,
      status.containerStatuses?.map(({ restartCount }) => restartCount),
    ]),
  );
}

/** The kubelet has put the new certificate before every pod of the service, and the pod shows it where it serves gRPC. */
async function inUse(service: string, place: string): Promise<void> {
  const certificate = await secretValue(`koinon-${service}-tls`, "tls\\.crt", place);
  const options = { deadlineMs: 150_000, intervalMs: 1_000 };
  for (const { metadata, status } of await podsOf(service, place)) {
    const where = ["--namespace", place, "--container", service];
    const script = "require('fs').readFileSync('/etc/koinon/tls/tls.crt','utf8')";
    const read = () => kubectl("exec", metadata.name, ...where, "--", "node", "-p", script);
    const what = `${metadata.name} has its new certificate`;
    await waitFor(async () => (await read()).trim() === certificate.trim(), { ...options, what });
    if (service === "gateway") continue;
    const { raw } = new X509Certificate(certificate);
    await waitFor(async () => (await shown(status.podIP ?? "")).equals(raw), {
      ...options,
      what: `${what} and shows it`,
    });
  }
}

/** The certificate that a pod shows; whether it takes ours does not matter. */
function shown(host: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host, port: 7000, rejectUnauthorized: false, ALPNProtocols: ["h2"], timeout: 5_000 },
      () => {
        resolve(socket.getPeerX509Certificate()?.raw ?? Buffer.alloc(0));
        socket.destroy();
      },
    );
    socket.on("error", reject).on("timeout", () => socket.destroy(new Error("no answer")));
  });
}
