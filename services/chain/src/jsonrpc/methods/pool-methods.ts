import type { ChainView } from "../../chain-view.ts";
import { inspectTransaction, poolContent, poolContentFrom } from "../../mempool/content.ts";
import { readAddress } from "../codec/bytes.ts";
import { required } from "../codec/parameter.ts";
import { quantity } from "../codec/quantity.ts";
import { transactionToJson } from "../json/transaction-json.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";

/** txpool_*: what waits. */
export function createPoolMethods({ mempool }: ChainView, { poolContentMax }: JsonRpcLimits): Methods {
  const limit = { transactionsMax: poolContentMax };
  return {
    txpool_status: method([], () => {
      const { pending, queued } = mempool.status();
      return { pending: quantity(pending), queued: quantity(queued) };
    }),
    txpool_content: method([], () => poolContent(mempool, limit, (entry) => transactionToJson(entry, undefined))),
    txpool_contentFrom: method([required(readAddress)], ([address]) =>
      poolContentFrom(mempool, address, (entry) => transactionToJson(entry, undefined)),
    ),
    txpool_inspect: method([], () => poolContent(mempool, limit, inspectTransaction)),
  };
}
