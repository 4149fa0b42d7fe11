// A consumer process that takes one event, says so, and never answers: to be killed.
import { connectJetStreamBus } from "../src/jetstream-bus.ts";

const [url = "", durable = "", subject = "", ackWaitMs = "1000"] = process.argv.slice(2);
const bus = await connectJetStreamBus({ servers: [url], name: "hanging", ackWaitMs: Number(ackWaitMs) });
await bus.consume({
  durable,
  subject,
  maxDeliveries: 2,
  handler: (event) => {
    process.stdout.write(`took ${event.id} ${event.deliveries}\n`);
    return new Promise<void>(() => undefined);
  },
});
process.stdout.write("consuming\n");
