import { recoveredTransaction } from "@koinon/ethereum/transaction-decode";
import type { BlockRef, ChainView } from "../../chain-view.ts";
import { isSmallBlock, isSmallProof } from "../../view/small-enough.ts";
import { readBlockHeight } from "../codec/block-reference.ts";
import { readHash } from "../codec/bytes.ts";
import { type Decode, decodeArguments, type Parameter } from "../codec/parameter.ts";
import { quantity } from "../codec/quantity.ts";
import { foundTransactionToJson } from "../json/block-json.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Method, type Methods, method, type Values } from "../method.ts";
import { blockParameters, createBlockMethods } from "./block-methods.ts";
import { createProofMethods, proofParameters } from "./proof-methods.ts";
import { senderNonceParameters } from "./sender-nonce-methods.ts";

/** Methods that answer at once what is small, and have a call thread read what is large. */
export function createSizedMethods(view: ChainView, limits: JsonRpcLimits): Methods {
  const { reader, calls, mempool } = view;
  const onThread = (name: string): Method => ({
    call: (params, { signal }) => calls.request(name, params, limits, signal),
  });
  const here: Methods = { ...createBlockMethods(reader), ...createProofMethods(reader, limits) };
  const whereItFits = <const P extends readonly Parameter<unknown>[]>(
    name: string,
    parameters: P,
    isSmall: (values: Values<P>) => boolean,
  ): Method => ({
    call: (params, context) => {
      const values = decodeArguments(parameters, params) as Values<P>;
      return (isSmall(values) ? here[name] : onThread(name))?.call(params, context);
    },
  });
  const block = (name: string, decode: Decode<BlockRef>): Method =>
    whereItFits(name, blockParameters(decode), ([ref, isFull]) => {
      const header = isFull ? reader.header(ref) : undefined;
      return header === undefined || isSmallBlock(header);
    });
  const bySenderAndNonce = onThread("eth_getTransactionBySenderAndNonce");
  return {
    eth_getBlockByNumber: block("eth_getBlockByNumber", readBlockHeight),
    eth_getBlockByHash: block("eth_getBlockByHash", readHash),
    eth_getProof: whereItFits("eth_getProof", proofParameters(limits), ([, keys, ref]) => {
      const header = reader.header(ref);
      return header === undefined || isSmallProof(keys.length, header, reader);
    }),
    eth_getTransactionBySenderAndNonce: method(senderNonceParameters, ([sender, nonce], context) => {
      const waiting = mempool.queueOf(sender)?.get(nonce);
      if (waiting === undefined) return bySenderAndNonce.call([sender, quantity(nonce)], context);
      return foundTransactionToJson({ transaction: recoveredTransaction(waiting), place: undefined });
    }),
  };
}
