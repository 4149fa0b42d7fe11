import { emptyCodeHash } from "@koinon/ethereum/account";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { BlockRef, ChainView } from "../../chain-view.ts";
import { readBlockReference } from "../codec/block-reference.ts";
import { readAddress, readSlot, wordHex } from "../codec/bytes.ts";
import { ObjectReader, readList } from "../codec/object.ts";
import { type Decode, optional, required } from "../codec/parameter.ts";
import { quantity } from "../codec/quantity.ts";
import { malformed } from "../codec/value-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";
import { requiredHeader } from "../required-block.ts";

/** eth_* about accounts after a block. */
export function createAccountMethods({ reader, mempool }: ChainView, limits: JsonRpcLimits): Methods {
  const address = required(readAddress);
  const block = optional(readBlockReference, "latest" as const);
  const stateAt = (ref: BlockRef) => reader.stateAt(requiredHeader(reader, ref).hash);
  return {
    // Keys are the wallet's; this node holds none.
    eth_accounts: method([], () => []),
    eth_getBalance: method([address, block], ([account, ref]) =>
      quantity(stateAt(ref).account(account)?.balance ?? 0n),
    ),
    eth_getTransactionCount: method([address, block], ([account, ref]) =>
      quantity(ref === "pending" ? mempool.nextNonce(account) : (stateAt(ref).account(account)?.nonce ?? 0n)),
    ),
    eth_getCode: method([address, block], ([account, ref]) => {
      const state = stateAt(ref);
      const hash = state.account(account)?.codeHash ?? emptyCodeHash;
      return hash === emptyCodeHash ? "0x" : bytesToHex(state.code(hash));
    }),
    eth_getStorageAt: method([address, required(readSlot), block], ([account, slot, ref]) =>
      wordHex(stateAt(ref).storage(account, slot)),
    ),
    eth_getStorageValues: method([required(readSlotsByAccount(limits.proofSlotsMax)), block], ([requests, ref]) => {
      const state = stateAt(ref);
      const values = requests.map(([account, slots]) => [
        account,
        slots.map((slot) => wordHex(state.storage(account, slot))),
      ]);
      return Object.fromEntries(values);
    }),
  };
}

/** Slots by account, at most so many together. */
function readSlotsByAccount(slotsMax: number): Decode<(readonly [Address, readonly bigint[]])[]> {
  return (value) => {
    const requests = new ObjectReader(value, "storage request")
      .entries()
      .map(([account, slots]) => [readAddress(account), readList(readSlot, slotsMax)(slots)] as const);
    const count = requests.reduce((sum, [, slots]) => sum + slots.length, 0);
    if (count > slotsMax) throw malformed(`more than ${slotsMax} slots`);
    return requests;
  };
}
