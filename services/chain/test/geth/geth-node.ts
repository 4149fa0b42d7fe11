import { writeFile } from "node:fs/promises";
import path from "node:path";
import { parseGenesis } from "@koinon/ethereum/genesis";
import { freePort } from "@koinon/machine/free-port";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { EngineClient } from "../../src/engine/rpc/engine-client.ts";
import { createJwt } from "../../src/engine/rpc/jwt.ts";
import { never } from "../chain/chain-fixture.ts";

/** A geth that consensus has to drive. */
export interface GethNode {
  readonly engine: EngineClient;
  /** Any method on the authenticated port; throws what geth answers as an error. */
  call(method: string, params: readonly unknown[]): Promise<unknown>;
  submit(raws: readonly Uint8Array[]): Promise<void>;
  stop(): Promise<void>;
}

const clock = { now: () => Date.now() };

/** Starts geth on a genesis in a fresh folder, alone in the world; `args` come behind its own. */
export async function startGeth(file: string, genesis: string, args: readonly string[] = []): Promise<GethNode> {
  const folder = await temporaryFolder("koinon-geth-");
  const genesisFile = path.join(folder.path, "genesis.json");
  const secretFile = path.join(folder.path, "jwt.hex");
  const data = path.join(folder.path, "data");
  const secret = new Uint8Array(32).fill(0x42);
  await writeFile(genesisFile, genesis);
  await writeFile(secretFile, bytesToHex(secret));
  const init = await startChild({ command: file, args: ["init", "--datadir", data, genesisFile] });
  const { code } = await init.exited;
  if (code !== 0) throw new Error(`geth init: ${init.lines.join("\n")}`);
  const port = await freePort();
  const child = await startChild({
    command: file,
    args: [
      ...["--datadir", data, "--port", "0", "--nodiscover", "--maxpeers", "0", "--ipcdisable", "--nat", "none"],
      ...["--authrpc.addr", "127.0.0.1", "--authrpc.port", String(port), "--authrpc.jwtsecret", secretFile],
      ...["--syncmode", "full", "--cache", "128", "--txpool.pricelimit", "1", "--miner.gasprice", "1"],
      ...[
        "--txpool.accountslots",
        "4096",
        "--txpool.globalslots",
        "65536",
        "--rpc.txfeecap",
        "0",
        "--rpc.allow-unprotected-txs",
      ],
      ...args,
    ],
  });
  const url = `http://127.0.0.1:${port}`;
  const { forks } = parseGenesis(genesis).config;
  const engine = new EngineClient({ url, secret, timeoutMs: 20_000 }, { forks, clock });
  const stop = async () => {
    await child.kill();
    await folder.remove();
  };
  try {
    await waitFor(() => engine.head(never), { deadlineMs: 30_000, intervalMs: 100, what: "geth answers" });
  } catch (error) {
    await stop();
    throw new Error(child.lines.slice(-20).join("\n"), { cause: error });
  }
  const post = async (body: unknown): Promise<unknown> => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${createJwt(secret, clock.now())}` };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    return await response.json();
  };
  return {
    engine,
    stop,
    call: async (method, params) => resultOf(await post({ jsonrpc: "2.0", id: 1, method, params })),
    submit: async (raws) => {
      const requests = raws.map((raw, id) => ({
        jsonrpc: "2.0",
        id,
        method: "eth_sendRawTransaction",
        params: [bytesToHex(raw)],
      }));
      for (const answer of (await post(requests)) as unknown[]) resultOf(answer);
    },
  };
}

function resultOf(answer: unknown): unknown {
  const { result, error } = answer as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(error.message);
  return result;
}
