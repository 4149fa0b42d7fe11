import { setImmediate as nextTurn } from "node:timers/promises";
import { recoveredTransaction } from "@koinon/ethereum/transaction-decode";
import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainView } from "../../chain-view.ts";
import { type LogQuery, readLogQuery } from "../codec/log-query.ts";
import { readBoolean } from "../codec/object.ts";
import { optional, required } from "../codec/parameter.ts";
import { malformed } from "../codec/value-error.ts";
import { headerToJson } from "../json/header-json.ts";
import { chainLogToJson } from "../json/receipt-json.ts";
import { transactionToJson } from "../json/transaction-json.ts";
import { JsonRpcError } from "../json-rpc-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { subscriptionText } from "../message.ts";
import { type CallContext, type Connection, type Methods, method } from "../method.ts";
import type { Feed } from "../transport/subscriptions.ts";

/** Messages between two turns: a few milliseconds. */
const sentPerTurn = 256;

/** eth_subscribe and eth_unsubscribe: events that the server sends by itself, over WebSocket. */
export function createSubscriptionMethods(view: ChainView, limits: JsonRpcLimits): Methods {
  return {
    eth_subscribe: method([required(readName), optional((value) => value)], ([name, option], context) => {
      const connection = connectionOf(context);
      const { id, begin } = connection.subscriptions.add(feedOf(name, option, view, limits, connection));
      connection.afterAnswer(begin);
      return id;
    }),
    eth_unsubscribe: method([required(readSubscriptionId)], ([id], context) => {
      if (connectionOf(context).subscriptions.remove(id)) return true;
      throw new JsonRpcError({ code: "SERVER_ERROR", message: "subscription not found" });
    }),
  };
}

type Kind = "newHeads" | "logs" | "newPendingTransactions";

function feedOf(name: Kind, option: unknown, view: ChainView, limits: JsonRpcLimits, connection: Connection): Feed {
  switch (name) {
    case "newHeads":
      return headFeed(view, connection);
    case "logs":
      return logFeed(view, connection, readLogQuery(option ?? {}));
    case "newPendingTransactions":
      return pendingFeed(view, connection, {
        queueMax: limits.filterQueueMax,
        isFull: readBoolean(option ?? false),
      });
  }
}

function headFeed({ subscriptions }: ChainView, connection: Connection): Feed {
  return async (id, signal) => {
    for await (const { kind, block } of subscriptions.blocks({ signal })) {
      if (kind === "added") await connection.send(subscriptionText(id, headerToJson(block.header, block.hash)));
    }
  };
}

function logFeed({ subscriptions }: ChainView, connection: Connection, { filter }: LogQuery): Feed {
  return async (id, signal) => {
    for await (const { logs } of subscriptions.logs(filter, { signal })) {
      await sendAll(connection, logs, (log) => subscriptionText(id, chainLogToJson(log)));
    }
  };
}

function pendingFeed(
  { subscriptions }: ChainView,
  connection: Connection,
  { queueMax, isFull }: { readonly queueMax: number; readonly isFull: boolean },
): Feed {
  return async (id, signal) => {
    for await (const { transactions } of subscriptions.pendingTransactions({ queueMax, signal })) {
      await sendAll(connection, transactions, (transaction) =>
        subscriptionText(
          id,
          isFull ? transactionToJson(recoveredTransaction(transaction), undefined) : transaction.hash,
        ),
      );
    }
  };
}

/** Sends a text for each; there may be thousands, so others get their turn between them. */
async function sendAll<T>(connection: Connection, items: readonly T[], text: (item: T) => string): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index % sentPerTurn === sentPerTurn - 1) await nextTurn();
    await connection.send(text(item));
  }
}

function connectionOf({ connection }: CallContext): Connection {
  if (connection !== undefined) return connection;
  throw new JsonRpcError({ code: "METHOD_NOT_FOUND", message: "notifications not supported" });
}

function readSubscriptionId(value: unknown): Hex {
  if (typeof value !== "string") throw malformed("cannot unmarshal non-string as a subscription id");
  return value.toLowerCase() as Hex;
}

function readName(value: unknown): Kind {
  if (value === "newHeads" || value === "logs" || value === "newPendingTransactions") return value;
  if (typeof value !== "string") throw malformed("cannot unmarshal non-string as a subscription name");
  // As a method that is not there, in geth.
  throw new JsonRpcError({
    code: "METHOD_NOT_FOUND",
    message: `no "${value.slice(0, 50)}" subscription in eth namespace`,
  });
}
