import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Bus } from "@koinon/bus/bus";
import { connectJetStreamBus } from "@koinon/bus/jetstream-bus";
import { LogServiceDefinition, ReceiptsLogged } from "@koinon/contracts/koinon/poi/v1/log_service";
import { SampleProvider } from "@koinon/contributions/sample-work";
import { freePort } from "@koinon/machine/free-port";
import { createClient } from "@koinon/rpc/client";
import { createGrpcChannel } from "@koinon/rpc/grpc-channel";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { type NatsServer, startNats } from "@koinon/testkit/nats-server";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { formatNote, parseNote } from "@koinon/tlog/note";
import { createSignerKey, formatSignerKey, formatVerifierKey } from "@koinon/tlog/note-key";
import { cosignNote } from "@koinon/tlog/note-signature";
import { poiMigrations } from "../../src/migrations.ts";
import { auditLog } from "../log-checks.ts";
import { logKey } from "../poi-fixture.ts";
import { settledEvent } from "../settled-events.ts";

const witness = createSignerKey("witness.example/w", "cosignature", new Uint8Array(32).fill(7), nodeEd25519);
/** Everything that metrics.ts declares, as Prometheus sees it. */
const metricNames = [
  ...["poi_receipts_total", "poi_refusals_total", "poi_entries_total", "poi_cosignatures_total"],
  ...["poi_sequencer_terms_total", "poi_append_events", "poi_append_duration", "poi_checkpoint_delay"],
  ...["poi_sequencing", "poi_tree_size", "poi_held", "poi_queued", "poi_checkpoint_size"],
];
const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const clock = { now: () => Date.now() };

describeWithProgram("nats-server", "poi as processes of its own over NATS and gRPC", () => {
  let postgres: TestPostgres;
  let nats: NatsServer;
  let bus: Bus;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let databaseUrl: string;

  beforeAll(async () => {
    [postgres, nats, folder] = await Promise.all([startTestPostgres(), startNats(), temporaryFolder("koinon-poi-")]);
    databaseUrl = (await postgres.database([poiMigrations])).url;
    bus = await connectJetStreamBus({ servers: [nats.url], name: "market" });
  });
  afterAll(async () => {
    await bus.close();
    await nats.stop();
    await postgres.stop();
    await folder.remove();
  });

  async function startPoi(name: string): Promise<{ child: Child; log: ReturnType<typeof clientOf>; admin: string }> {
    const socket = `unix:${folder.path}/${name}.sock`;
    const admin = `127.0.0.1:${await freePort()}`;
    const child = await startChild({
      ...{ command: process.execPath, args: [main], ready: /process ready/ },
      env: {
        ...{ POI_DATABASE_URL: databaseUrl, POI_LOG_KEY: formatSignerKey(logKey), NATS_URL: nats.url },
        ...{ RPC_LISTEN: socket, ADMIN_LISTEN: admin, POI_WITNESSES: formatVerifierKey(witness) },
      },
    });
    return { child, log: clientOf(socket), admin: `http://${admin}` };
  }

  test("two replicas: one sequences, both serve; the other takes over when it is told to end", async () => {
    const told = new Set<bigint>();
    await bus.consume({
      ...{ durable: "market", subject: "koinon.poi.v1.logged.>", maxDeliveries: 3 },
      handler: async ({ payload }) => {
        for (const { index } of ReceiptsLogged.decode(payload).receipts) told.add(index);
      },
    });
    const provider = new SampleProvider("a");
    const works = Array.from({ length: 400 }, () => provider.serve());
    const publish = (part: typeof works) => Promise.all(part.map((work) => bus.publish(settledEvent(work))));
    const first = await startPoi("first");
    const metricsOf = async ({ admin }: { admin: string }) => await (await fetch(`${admin}/metrics`)).text();
    await waitFor(async () => /^poi_sequencing(\{[^}]*\})? 1$/m.test(await metricsOf(first)));
    const second = await startPoi("second");
    for (const { admin } of [first, second]) expect((await fetch(`${admin}/readyz`)).status).toBe(200);

    await publish(works.slice(0, 200));
    await second.log.getInclusionProof({
      receiptId: hexToBytes(works[199]?.id ?? "0x"),
      waitMs: 10_000,
      anchor: undefined,
    });

    await bus.publish({ subject: "koinon.compute.v1.settled.0xab", id: "junk", payload: Uint8Array.of(7, 7) });
    const { note } = await first.log.getCheckpoint({});
    const { text, signatures } = parseNote(note);
    const line = cosignNote(text, witness, 1_800_000_000n, nodeEd25519);
    await first.log.addCosignature({ note: formatNote({ text, signatures: [...signatures, line] }) });
    const page = await waitFor(async () => {
      const metrics = await metricsOf(first);
      return metrics.includes('reason="EVENT_MALFORMED"') ? metrics : undefined;
    });
    expect(page).toMatch(/^poi_entries_total(\{[^}]*\})? 202$/m);
    expect(page).toMatch(/^poi_sequencing(\{[^}]*\})? 1$/m);
    // The admin port adds the unit to the name.
    const isShown = (name: string) => new RegExp(`^# HELP ${name}(_seconds|_bytes)? `, "m").test(page);
    for (const name of metricNames) expect([name, isShown(name)]).toEqual([name, true]);

    await publish(works.slice(200));
    await first.child.stop();
    expect(await first.child.exited).toEqual({ code: 0, signal: null });
    await second.log.getInclusionProof({
      receiptId: hexToBytes(works[399]?.id ?? "0x"),
      waitMs: 10_000,
      anchor: undefined,
    });
    expect((await auditLog(second.log)).receipts).toEqual(works.map(({ id }) => id));
    await waitFor(() => told.size === 400);
    await second.child.stop();
  });
});

function clientOf(address: string) {
  const channel = createGrpcChannel(
    { address, security: { kind: "plaintext", caller: "gateway" }, definitions: [LogServiceDefinition] },
    { clock },
  );
  return createClient(LogServiceDefinition, channel, { timeoutMs: 15_000 }, { clock });
}
