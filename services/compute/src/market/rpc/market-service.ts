import { setTimeout as delay } from "node:timers/promises";
import type { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { PageTokens } from "@koinon/postgres/page-token";
import type { Handlers } from "@koinon/rpc/handler";
import type { Hex } from "@koinon/secp256k1/hex";
import type { MoneyStore, SettlementRecord } from "../accounts/money-store.ts";
import { MarketError } from "../errors.ts";
import type { DocumentShelf } from "../reconcile/document-shelf.ts";
import type { ReceiptIntake } from "../reconcile/receipt-intake.ts";
import type { Registry } from "../registry/registry.ts";
import type { AnswerPart, InferenceRequest } from "../relay/inference.ts";
import type { SettlementWriter } from "../relay/settlement-writer.ts";
import { hashField, invalidField, pageSizeField } from "./field.ts";
import { inferenceRequestFrom, inferResponseFrom } from "./infer-messages.ts";
import { MappedStream } from "./mapped-stream.ts";
import { openedReceiptFrom } from "./provider-connector.ts";
import { providerMessage, registrationFrom } from "./provider-messages.ts";
import { settlementMessage } from "./settlement-messages.ts";

/** What the handlers call. */
export interface MarketServiceDependencies {
  readonly registry: Registry;
  readonly intake: ReceiptIntake;
  readonly writer: SettlementWriter;
  readonly documents: DocumentShelf;
  readonly money: Pick<MoneyStore, "settlement" | "settlements">;
  readonly pageTokens: PageTokens;
  infer(request: InferenceRequest, signal: AbortSignal): AsyncIterable<AnswerPart>;
}

const receiptsMax = 100;
/** How long a reader waits for a decision that is being written. */
const pendingMs = 200;
const accountIdLengthMax = 64;

/** MarketService: decode, call the domain, encode. */
export function createMarketHandlers(deps: MarketServiceDependencies): Handlers<MarketServiceDefinition> {
  const { registry, intake, pageTokens } = deps;
  return {
    async registerProvider(request) {
      await registry.register(registrationFrom(request));
      return { heartbeatIntervalMs: registry.heartbeatIntervalMs };
    },
    async heartbeat({ heartbeat }) {
      if (heartbeat === undefined) throw invalidField("heartbeat", "missing");
      return { registered: await registry.heartbeat(heartbeat) };
    },
    async listProviders({ pageSize, pageToken }) {
      const size = pageSizeField(pageSize);
      const [after] = pageTokens.open("providers", {}, pageToken) ?? [];
      const key = (entry: { record: { registration: { name: string } } }) =>
        entry.record.registration.name.toLowerCase();
      const rest = registry.providers().filter((entry) => after === undefined || key(entry) > after);
      const page = rest.slice(0, size);
      const last = page.at(-1);
      const nextPageToken =
        rest.length > size && last !== undefined ? pageTokens.issue("providers", {}, [key(last)]) : "";
      return { providers: page.map((entry) => providerMessage(entry, registry)), nextPageToken };
    },
    infer(request, { signal }) {
      return new MappedStream(deps.infer(inferenceRequestFrom(request), signal), inferResponseFrom);
    },
    async submitReceipts({ receipts }) {
      if (receipts.length > receiptsMax) throw invalidField("receipts", `more than ${receiptsMax}`);
      const results = await intake.take(receipts.map(openedReceiptFrom));
      return {
        results: results.map((result) => ({
          accepted: result.accepted,
          reason: result.accepted ? "" : result.reason,
        })),
      };
    },
    async getSettlement({ id, accountId }) {
      const record = await findSettlement(hashField(id, "id"), accountId, deps);
      return { settlement: settlementMessage(record, await deps.documents.of(record)) };
    },
    async listSettlements({ accountId, pageSize, pageToken }) {
      if (accountId.length > accountIdLengthMax) throw invalidField("account_id", "too long");
      const limit = pageSizeField(pageSize);
      const position = pageTokens.open("settlements", { accountId }, pageToken);
      const records = await deps.money.settlements({
        accountId: accountId === "" ? undefined : accountId,
        limit: limit + 1,
        after: position && { reservedAt: Number(position[0]), requestId: position[1] as Hex },
      });
      const page = records.slice(0, limit);
      const last = records.length > limit ? page.at(-1) : undefined;
      return {
        settlements: await Promise.all(page.map((record) => listed(record, deps.documents))),
        nextPageToken:
          last === undefined
            ? ""
            : pageTokens.issue("settlements", { accountId }, [String(last.reservedAt), last.requestId]),
      };
    },
  };
}

async function findSettlement(id: Hex, accountId: string, deps: MarketServiceDependencies): Promise<SettlementRecord> {
  // Whoever has just read an answer here should find it settled here, although that is written outside of the answer's way.
  const pending = deps.writer.pendingFor(id);
  if (pending !== undefined) await Promise.race([pending, delay(pendingMs, undefined, { ref: false })]);
  const record = await deps.money.settlement(id);
  if (record === undefined || (accountId !== "" && record.accountId !== accountId)) {
    throw new MarketError({ code: "SETTLEMENT_UNKNOWN", id });
  }
  return record;
}

async function listed(record: SettlementRecord, documents: DocumentShelf) {
  const { manifest: _, ...others } = await documents.of(record);
  return settlementMessage(record, others);
}
