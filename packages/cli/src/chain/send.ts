import { parseArgs } from "node:util";
import type { Address } from "@koinon/secp256k1/address";
import type { Signer } from "@koinon/secp256k1/signer";
import { type Terminal, UsageError } from "../command.ts";
import { print } from "./action.ts";
import { addressOf, signerOf } from "./addresses.ts";
import { coinInWords, parseCoin } from "./amounts.ts";
import { findChain } from "./find-chain.ts";
import type { JsonRpc } from "./json-rpc.ts";
import { transfer } from "./transfer.ts";

/** `koinon chain send`: native coin from a key file's account. */
export async function sendCoin(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      key: { type: "string" },
      value: { type: "string" },
      rpc: { type: "string" },
      data: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const [recipient, ...more] = positionals;
  if (recipient === undefined || more.length > 0) throw new UsageError("send needs one address");
  if (values.key === undefined || values.value === undefined) throw new UsageError("send needs --key and --value");
  const payment = {
    to: addressOf(recipient),
    value: parseCoin(values.value, "--value"),
    signer: await signerOf(values.key),
  };
  return pay(await findChain(values, terminal), payment, { terminal, isJson: values.json });
}

/** Sends coin and prints hash and receipt; answers the exit code. */
export async function pay(
  rpc: JsonRpc,
  payment: { readonly signer: Signer; readonly to: Address; readonly value: bigint },
  { terminal, isJson }: { readonly terminal: Terminal; readonly isJson: boolean },
): Promise<number> {
  // Before the receipt is there, so that nobody who interrupts the wait has lost sight of the money.
  const receipt = await transfer(rpc, payment, (hash) => {
    if (!isJson) terminal.out(`hash     ${hash}`);
  });
  const { succeeded, block, from, to, value, gasUsed, fee } = receipt;
  const words = [
    `status   ${succeeded ? "success" : "FAILED: the recipient's code refused it"}`,
    `block    ${block}`,
    `from     ${from}`,
    `to       ${to}`,
    `value    ${coinInWords(value)}`,
    `gas      ${gasUsed}, fee ${coinInWords(fee)}`,
  ];
  print(isJson, receipt, words, terminal);
  return succeeded ? 0 : 1;
}
