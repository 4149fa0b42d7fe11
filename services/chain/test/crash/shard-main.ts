import { MemoryBus } from "@koinon/bus/memory-bus";
import { systemClock } from "@koinon/runtime/clock";
import { ConfigReader } from "@koinon/runtime/config";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import { metrics } from "@opentelemetry/api";
import { chainConfig } from "../../src/config.ts";
import { Shard } from "../../src/shard.ts";

// A whole shard whose disk somebody spoils. Says where it listens, and the code with which it can not go on; then it ends as its
// host would end it.
const [data = "", genesis = "", rpcPort = ""] = process.argv.slice(2);
const reader = new ConfigReader({
  env: {
    ...{ CHAIN_DATA: data, CHAIN_GENESIS: genesis, CHAIN_RPC_LISTEN: `127.0.0.1:${rpcPort}` },
    ...{ CHAIN_BLOCK_INTERVAL_MS: "20", CHAIN_EMPTY_BLOCKS: "true", CHAIN_RECOVERY_WORKERS: "0" },
  },
  readFile: () => "",
});
const config = reader.read("chain", chainConfig);
reader.finish();
const clock = systemClock;
const failed = Promise.withResolvers<string>();
const shard = await Shard.open(config, {
  ...{ clock, random: systemRandom, meter: metrics.getMeter("test") },
  log: createLogger({ name: "chain", level: "silent", clock }),
  bus: new MemoryBus({ redeliveryDelayMs: () => 10 }, { clock }),
  fail: (error) => failed.resolve(error instanceof Error && "code" in error ? String(error.code) : String(error)),
});
await shard.start();
process.stdout.write("serving\n");
process.stdout.write(`failed ${await failed.promise}\n`);
process.exitCode = 1;
await shard.quiesce().catch(() => undefined);
await shard.stop().catch(() => undefined);
process.stdout.write("stopped\n");
