import { checksumAddress } from "@koinon/ethereum/checksum-address";
import { maxFeePerGas } from "@koinon/ethereum/transaction";
import type { ChainView } from "../../chain-view.ts";
import { readAddress } from "../codec/bytes.ts";
import { required } from "../codec/parameter.ts";
import { quantity } from "../codec/quantity.ts";
import { poolText, type ShowTransaction, senderText } from "../json/pool-text.ts";
import { transactionToJson } from "../json/transaction-json.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";

/** txpool_*: what waits. */
export function createPoolMethods({ mempool }: Pick<ChainView, "mempool">, limits: JsonRpcLimits): Methods {
  const whole: ShowTransaction = (transaction) => transactionToJson(transaction, undefined);
  return {
    txpool_status: method([], () => {
      const { pending, queued } = mempool.status();
      return { pending: quantity(pending), queued: quantity(queued) };
    }),
    txpool_content: method([], (_, { signal }) => poolText(mempool.senders(), whole, limits, signal)),
    txpool_contentFrom: method([required(readAddress)], ([address], { signal }) =>
      senderText(mempool.queueOf(address), whole, limits, signal),
    ),
    txpool_inspect: method([], (_, { signal }) => poolText(mempool.senders(), inspectTransaction, limits, signal)),
  };
}

/** A transaction as txpool_inspect shows it, in go-ethereum's words. */
const inspectTransaction: ShowTransaction = ({ transaction }) => {
  const recipient = transaction.to === undefined ? "contract creation" : checksumAddress(transaction.to);
  return `${recipient}: ${transaction.value} wei + ${transaction.gasLimit} gas × ${maxFeePerGas(transaction)} wei`;
};
