// Prints what a call costs over each transport, beside grpc-js alone: `node test/bench/transports-bench.ts [payload bytes]`.
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { createClient } from "../../src/client.ts";
import { createGrpcChannel } from "../../src/grpc-channel.ts";
import { LocalServices } from "../../src/in-process.ts";
import { createEchoService, EchoWitness } from "../echo-service.ts";
import { EchoServiceDefinition } from "../gen/echo.ts";
import { type EchoCalls, type Figures, measure } from "./measure.ts";
import { plainCalls } from "./plain-client.ts";

const clock = { now: () => Date.now() };
const payload = Buffer.alloc(Number(process.argv[2] ?? 1024), 7);
const folder = await temporaryFolder();

async function startServer(file: string, address: string) {
  const script = fileURLToPath(new URL(file, import.meta.url));
  return startChild({
    command: process.execPath,
    args: ["--no-warnings", script, address],
    ready: /listening on (\S+)/,
  });
}

async function overSocket(address: string): Promise<Figures> {
  const server = await startServer("../echo-server-main.ts", address);
  const channel = createGrpcChannel(
    {
      address: server.ready?.[1] ?? address,
      security: { kind: "plaintext", caller: "gateway", loopback: true },
      definitions: [EchoServiceDefinition],
    },
    { clock },
  );
  const figures = await measure(createClient(EchoServiceDefinition, channel, {}, { clock }), payload);
  channel.close();
  await server.kill();
  return figures;
}

async function plain(address: string): Promise<Figures> {
  const server = await startServer("plain-server.ts", address);
  const client = plainCalls(address);
  const figures = await measure(client, payload);
  client.close();
  await server.kill();
  return figures;
}

const direct: EchoCalls = (() => {
  const local = new LocalServices({ clock });
  local.add(createEchoService(new EchoWitness()));
  return createClient(EchoServiceDefinition, local.channel("gateway"), {}, { clock });
})();

const rows: [string, Figures][] = [
  ["plain grpc-js, unix socket", await plain(`unix:${folder.path}/plain.sock`)],
  ["unix socket", await overSocket(`unix:${folder.path}/ours.sock`)],
  ["TCP loopback", await overSocket("127.0.0.1:0")],
  ["in process", await measure(direct, payload)],
];
await folder.remove();

const [cpu] = cpus();
process.stdout.write(`${cpus().length} × ${cpu?.model}, Node ${process.version}, ${payload.length} B payload\n`);
const peer = rows[0]?.[1];
for (const [name, figures] of rows) {
  const ratio = (key: keyof Figures): string => (figures[key] / (peer?.[key] ?? 1)).toFixed(2);
  process.stdout.write(
    `${name.padEnd(28)} unary ${figures.unaryUs.toFixed(1)} µs (×${ratio("unaryUs")}), ${Math.round(figures.unaryPerSecond)}/s at 64 (×${ratio("unaryPerSecond")}); ` +
      `stream ${Math.round(figures.streamPerSecond)}/s (×${ratio("streamPerSecond")}), 16 streams ${Math.round(figures.streamsPerSecond)}/s (×${ratio("streamsPerSecond")})\n`,
  );
}
