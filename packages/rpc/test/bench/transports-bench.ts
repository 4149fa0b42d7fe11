// Prints what a call costs over each transport, beside grpc-js alone: `node test/bench/transports-bench.ts [payload bytes]`.
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { CertificateFiles } from "../../src/certificate-files.ts";
import { createClient } from "../../src/client.ts";
import { createGrpcChannel } from "../../src/grpc-channel.ts";
import type { ChannelSecurity } from "../../src/grpc-credentials.ts";
import { LocalServices } from "../../src/in-process.ts";
import { createEchoService, EchoWitness } from "../echo-service.ts";
import { EchoServiceDefinition } from "../gen/echo.ts";
import { writeTestCertificates } from "../test-certificates.ts";
import { type EchoCalls, type Figures, measure } from "./measure.ts";
import { plainCalls } from "./plain-client.ts";

const clock = { now: () => Date.now() };
const payload = Buffer.alloc(Number(process.argv[2] ?? 1024), 7);
const folder = await temporaryFolder();

async function startServer(file: string, args: string[]) {
  const script = fileURLToPath(new URL(file, import.meta.url));
  return startChild({
    command: process.execPath,
    args: ["--no-warnings", script, ...args],
    ready: /listening on (\S+)/,
  });
}

async function overSocket(address: string, security: ChannelSecurity, serverArgs: string[] = []): Promise<Figures> {
  const server = await startServer("../echo-server-main.ts", [address, ...serverArgs]);
  const target = server.ready?.[1] ?? address;
  const channel = createGrpcChannel({ address: target, security, definitions: [EchoServiceDefinition] }, { clock });
  const figures = await measure(createClient(EchoServiceDefinition, channel, {}, { clock }), payload);
  channel.close();
  await server.kill();
  return figures;
}

async function plain(address: string): Promise<Figures> {
  const server = await startServer("plain-server.ts", [address]);
  const client = plainCalls(address);
  const figures = await measure(client, payload);
  client.close();
  await server.kill();
  return figures;
}

const direct: EchoCalls = (() => {
  const local = new LocalServices({ clock });
  const witness = new EchoWitness();
  witness.lastOnly = true;
  local.add(createEchoService(witness));
  return createClient(EchoServiceDefinition, local.channel("gateway"), {}, { clock });
})();

const paths = await writeTestCertificates(folder.path, { echo: {}, gateway: {} });
const certificates = new CertificateFiles(paths("gateway"));
const open: ChannelSecurity = { kind: "plaintext", caller: "gateway", loopback: true };
const rows: [string, Figures][] = [
  ["plain grpc-js, unix socket", await plain(`unix:${folder.path}/plain.sock`)],
  ["unix socket", await overSocket(`unix:${folder.path}/ours.sock`, open)],
  ["TCP loopback", await overSocket("127.0.0.1:0", open)],
  ["TCP, mutual TLS", await overSocket("127.0.0.1:0", { kind: "mtls", certificates, server: "echo" }, [folder.path])],
  ["in process", await measure(direct, payload)],
];
certificates.close();
await folder.remove();

const [cpu] = cpus();
process.stdout.write(
  `${cpus().length} × ${cpu?.model}, Node ${process.version}, ${payload.length} B payload; ratios to plain grpc-js; CPU is the client's\n`,
);
const peer = rows[0]?.[1];
for (const [name, figures] of rows) {
  const cell = (key: keyof Figures, digits: number): string =>
    `${figures[key].toFixed(digits)} (×${(figures[key] / (peer?.[key] ?? 1)).toFixed(2)})`;
  process.stdout.write(
    `${name.padEnd(27)} unary ${cell("unaryUs", 0)} µs, ${cell("unaryPerSecond", 0)}/s at 64, ${cell("unaryCpuUs", 1)} µs CPU; ` +
      `stream ${cell("streamPerSecond", 0)}/s, ${cell("streamCpuUs", 2)} µs CPU\n`,
  );
}
