import { waitFor } from "@koinon/testkit/wait-for";
import type { Hex, TransactionSerializableEIP1559 } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { accounts, chainId, keys } from "../clients/genesis.ts";
import type { Target } from "../clients/target.ts";
import { resultOf } from "./rpc-client.ts";

/** The client that sends in tests. */
export const sender = privateKeyToAccount(keys[0] as Hex);

/** Signs a transaction of the sender's: to another account, with the nonce that is next, unless told otherwise. */
export async function signed(target: Target, fields: Partial<TransactionSerializableEIP1559>): Promise<Hex> {
  const nonce =
    fields.nonce ?? Number(await resultOf(target.http, "eth_getTransactionCount", sender.address, "pending"));
  return sender.signTransaction({
    chainId,
    to: accounts[1],
    gas: 21_000n,
    maxFeePerGas: 20_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    ...fields,
    nonce,
    type: "eip1559",
  });
}

/** Sends a transaction and waits until it is in a block; gives its hash. */
export async function sendCoin(target: Target, fields: Partial<TransactionSerializableEIP1559>): Promise<Hex> {
  const hash = (await resultOf(target.http, "eth_sendRawTransaction", await signed(target, fields))) as Hex;
  await waitFor(() => resultOf(target.http, "eth_getTransactionReceipt", hash));
  return hash;
}
