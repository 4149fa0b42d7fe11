// A poi process for the tests that kill it: it publishes all the work of the sample providers to a bus of its own, as the market's
// sweeper would, and prints each checkpoint it can read and each place in the log that it is told.
import { setTimeout as delay } from "node:timers/promises";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { LogServiceDefinition, ReceiptsLogged } from "@koinon/contracts/koinon/poi/v1/log_service";
import { createClient } from "@koinon/rpc/client";
import { LocalServices } from "@koinon/rpc/in-process";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { metrics } from "@opentelemetry/api";
import { Poi } from "../../src/poi.ts";
import { configOf } from "../poi-fixture.ts";
import { settledEvent } from "../settled-events.ts";
import { killedWork } from "./killed-work.ts";

const [url = ""] = process.argv.slice(2);
const print = (...words: unknown[]) => process.stdout.write(`${words.join(" ")}\n`);

const clock = systemClock;
const bus = new MemoryBus({ redeliveryDelayMs: () => 20 }, { clock });
await bus.consume({
  ...{ durable: "market", subject: "koinon.poi.v1.logged.>", maxDeliveries: 5 },
  handler: async ({ payload }) => {
    // One line an event: the test keeps a bounded number of lines.
    const { receipts } = ReceiptsLogged.decode(payload);
    print("logged", ...receipts.map(({ receiptId, index }) => `${Buffer.from(receiptId).toString("hex")}@${index};`));
  },
});
const log = createLogger({ name: "poi", level: "warn", clock });
const config = { ...configOf(url), batchMax: 16, checkpointIntervalMs: 5 };
const poi = new Poi(config, { clock, log, meter: metrics.getMeter("test"), bus });
await poi.start();
const services = new LocalServices({ clock });
for (const binding of poi.services) services.add(binding);
const client = createClient(LogServiceDefinition, services.channel("gateway"), {}, { clock });

let isDone = false;
const watching = (async () => {
  for (let last = ""; !isDone; await delay(1)) {
    const { note } = await client.getCheckpoint({});
    if (note !== last) print("note", Buffer.from(note).toString("base64"));
    last = note;
  }
})();
print("appending");
await Promise.all(killedWork().map((work) => bus.publish(settledEvent(work))));
await delay(50);
isDone = true;
await watching;
print("done");
await poi.quiesce();
await poi.stop();
await bus.close();
