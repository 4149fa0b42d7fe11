import path from "node:path";
import { parseArgs } from "node:util";
import { developmentChain } from "@koinon/node/development-chain";
import { type Terminal, UsageError } from "../command.ts";
import { addressOf, signerOf } from "./addresses.ts";
import { parseCoin } from "./amounts.ts";
import { dataFolderOf, findChain } from "./find-chain.ts";
import { type JsonRpc, RefusedError } from "./json-rpc.ts";
import { pay } from "./send.ts";

/** `koinon chain faucet`: coin from the development key of a data folder, on the development chain only. */
export async function giveCoin(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      value: { type: "string", default: "100" },
      rpc: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [recipient, ...more] = positionals;
  if (recipient === undefined || more.length > 0) throw new UsageError("faucet needs one address");
  const payment = { to: addressOf(recipient), value: parseCoin(values.value, "--value") };
  const rpc = await findChain(values, terminal);
  await assertDevelopment(rpc);
  const signer = await signerOf(path.join(dataFolderOf(values, terminal), developmentChain.keyFile));
  return pay(rpc, { ...payment, signer }, { terminal, isJson: values.json });
}

/** The first block says what a chain is for, and its hash binds that; the chain id alone is used by many. */
async function assertDevelopment(rpc: JsonRpc): Promise<void> {
  const genesis = await rpc.object("eth_getBlockByNumber", "0x0", false);
  const isMarked = genesis?.extraData === developmentChain.extraData;
  if (isMarked && (await rpc.quantity("eth_chainId")) === developmentChain.chainId) return;
  throw new RefusedError(`the chain at ${rpc.url} is no development chain; nothing was sent`);
}
