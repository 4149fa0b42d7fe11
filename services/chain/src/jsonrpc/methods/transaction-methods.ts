import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { BlockRef, ChainView, FoundTransaction, SubmitOutcome } from "../../chain-view.ts";
import { readBlockHeight } from "../codec/block-reference.ts";
import { readBytes, readHash, readPassingBytes } from "../codec/bytes.ts";
import { decodeArguments, optional, required } from "../codec/parameter.ts";
import { readQuantity32 } from "../codec/quantity.ts";
import { rejectionError } from "../fault-translation.ts";
import { foundTransactionToJson } from "../json/block-json.ts";
import { receiptToJson } from "../json/receipt-json.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Method, type Methods, method } from "../method.ts";
import { waitForReceipt } from "./receipt-wait.ts";

/** eth_* about transactions, and the way in for new ones. */
export function createTransactionMethods(view: ChainView, limits: JsonRpcLimits): Methods {
  const { reader } = view;
  const hash = required(readHash);
  const index = required(readQuantity32);
  const shown = (found: FoundTransaction | undefined): unknown =>
    found === undefined ? null : foundTransactionToJson(found);
  const raw = (found: FoundTransaction | undefined): unknown =>
    found === undefined ? "0x" : bytesToHex(found.transaction.raw);
  const at = (ref: BlockRef, position: number) => reader.transactionAt(ref, position);
  return {
    eth_getTransactionByHash: method([hash], ([wanted]) => shown(reader.transaction(wanted))),
    eth_getTransactionByBlockHashAndIndex: method([hash, index], ([ref, position]) => shown(at(ref, position))),
    eth_getTransactionByBlockNumberAndIndex: method([required(readBlockHeight), index], ([ref, position]) =>
      shown(at(ref, position)),
    ),
    eth_getRawTransactionByHash: method([hash], ([wanted]) => raw(reader.transaction(wanted))),
    eth_getRawTransactionByBlockHashAndIndex: method([hash, index], ([ref, position]) => raw(at(ref, position))),
    eth_getRawTransactionByBlockNumberAndIndex: method([required(readBlockHeight), index], ([ref, position]) =>
      raw(at(ref, position)),
    ),
    eth_getTransactionReceipt: method([hash], ([wanted]) => {
      const receipt = reader.receipt(wanted);
      return receipt === undefined ? null : receiptToJson(receipt);
    }),
    eth_sendRawTransaction: sendRawTransaction(view),
    eth_sendRawTransactionSync: method(
      [required(readBytes), optional(readQuantity32)],
      async ([bytes, timeoutMs], context) => {
        const [outcome] = await view.intake.submit([bytes], context.signal);
        const longest = limits.requestTimeoutMs;
        return waitForReceipt(view, submittedHash(outcome), Math.min(timeoutMs ?? longest, longest), context.signal);
      },
    ),
  };
}

/** Neighbours in a batch are handed in together: that is what makes large batches fast. */
function sendRawTransaction({ intake }: ChainView): Method {
  // Whoever keeps a transaction copies it.
  const parameters = [required(readPassingBytes)];
  const bytesOf = (params: readonly unknown[]): Uint8Array => decodeArguments(parameters, params)[0] as Uint8Array;
  return {
    call: async (params, { signal }) => {
      const [outcome] = await intake.submit([bytesOf(params)], signal);
      return submittedHash(outcome);
    },
    callEach: async (params, { signal }) => {
      const decoded = params.map((each) => settled(() => bytesOf(each)));
      const raws = decoded.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      const outcomes = (await intake.submit(raws, signal)).values();
      return decoded.map((result) =>
        result.status === "rejected" ? result : settled(() => submittedHash(outcomes.next().value)),
      );
    },
  };
}

/** What a function answers or throws, without the promise that it would cost per transaction. */
function settled<T>(work: () => T): PromiseSettledResult<T> {
  try {
    return { status: "fulfilled", value: work() };
  } catch (reason) {
    return { status: "rejected", reason };
  }
}

function submittedHash(outcome: SubmitOutcome | undefined): Hex {
  if (outcome === undefined) throw new TypeError("the intake gave no outcome");
  if ("rejection" in outcome) throw rejectionError(outcome.rejection);
  return outcome.hash;
}
