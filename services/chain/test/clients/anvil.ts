import { writeFile } from "node:fs/promises";
import path from "node:path";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { findBinary } from "./binaries.ts";
import { clientGenesis, hardfork } from "./genesis.ts";
import type { Target } from "./target.ts";

// Its first block takes the base fee of the genesis as it is; EIP-1559 lowers it by an eighth behind an empty block.
const baseFee = ["--block-base-fee-per-gas", "875000000"];

/** Starts anvil on the clients' genesis; a block for every transaction. */
export async function startAnvil(): Promise<Target> {
  const folder = await temporaryFolder();
  const genesis = path.join(folder.path, "genesis.json");
  await writeFile(genesis, clientGenesis());
  const child = await startChild({
    command: findBinary("anvil").path ?? "anvil",
    args: [
      "--init",
      genesis,
      "--port",
      "0",
      "--hardfork",
      hardfork,
      "--disable-default-create2-deployer",
      "--steps-tracing",
      ...baseFee,
    ],
    ready: /Listening on 127\.0\.0\.1:(\d+)/,
  });
  const address = `127.0.0.1:${child.ready?.[1]}`;
  // Times of blocks grow, as they must: contracts that look at the time do the same work on both sides.
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "anvil_setBlockTimestampInterval", params: [1] });
  await fetch(`http://${address}`, { method: "POST", headers: { "content-type": "application/json" }, body });
  return {
    name: "anvil",
    http: `http://${address}`,
    ws: `ws://${address}`,
    stop: async () => {
      await child.stop();
      await folder.remove();
    },
  };
}
