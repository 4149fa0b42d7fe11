import { type CallRequest, ChainServiceDefinition } from "@koinon/contracts/koinon/chain/v1/chain_service";
import { bindService, type FaultTable, type ServiceBinding } from "@koinon/rpc/binding";
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { BlockRef, CallMessage, ChainHeader, ChainView, LogEvent } from "../chain-view.ts";
import { ChainError } from "../errors.ts";
import { isSmallBlock, isSmallProof } from "../view/small-enough.ts";
import { headerMessage, logMessage, placeMessage, proofMessage, receiptMessage } from "./messages.ts";
import { submitStream } from "./submission.ts";
import { readAddress, readBlockRef, readHash, readWord } from "./values.ts";

const faults: FaultTable = {
  BLOCK_UNKNOWN: "NOT_FOUND",
  TRANSACTION_UNKNOWN: "NOT_FOUND",
  REQUEST_INVALID: "INVALID_ARGUMENT",
  CURSOR_INVALID: "INVALID_ARGUMENT",
  CURSOR_TOO_OLD: "OUT_OF_RANGE",
  LOG_TOO_LARGE: "OUT_OF_RANGE",
  HISTORY_PRUNED: "OUT_OF_RANGE",
  INSUFFICIENT_FUNDS: "FAILED_PRECONDITION",
  INTRINSIC_GAS_TOO_LOW: "INVALID_ARGUMENT",
  FLOOR_DATA_GAS_TOO_LOW: "INVALID_ARGUMENT",
  INIT_CODE_TOO_LARGE: "INVALID_ARGUMENT",
  CALLS_OVERLOADED: { status: "RESOURCE_EXHAUSTED", retryAfterMs: 100 },
  CALL_TIMEOUT: "DEADLINE_EXCEEDED",
  CALL_THREAD_LOST: "ABORTED",
  CALLS_CLOSED: { status: "UNAVAILABLE", retryAfterMs: 1_000 },
  INGEST_OVERLOADED: { status: "RESOURCE_EXHAUSTED", retryAfterMs: 100 },
  INGEST_BATCH_TOO_LARGE: "INVALID_ARGUMENT",
  INGEST_WORKER_CRASHED: { status: "UNAVAILABLE", retryAfterMs: 100 },
  INGEST_CLOSED: { status: "UNAVAILABLE", retryAfterMs: 1_000 },
};

const slotsMax = 1_024;
const filterMax = 1_024;
/** A block of 8 MiB and its header. */
const responseBytesMax = 9 * 2 ** 20;
/** What is left of a message for the data of its only log, its other fields taking a few hundred bytes. */
const logDataBytesMax = responseBytesMax - 1_024;
/** Subscriptions last; a client that is cut off resumes with its cursor. */
const timeoutMsMax = 24 * 60 * 60_000;

/** The chain over RPC. */
export function bindChainService(view: ChainView): ServiceBinding {
  const { reader, calls, intake, subscriptions } = view;
  const headerOf = (ref: BlockRef): ChainHeader => {
    const header = reader.header(ref);
    if (header === undefined) throw new ChainError({ code: "BLOCK_UNKNOWN", block: String(ref) });
    return header;
  };
  return bindService({
    definition: ChainServiceDefinition,
    callers: "any",
    faults,
    limits: { maxResponseBytes: responseBytesMax, maxTimeoutMs: timeoutMsMax },
    handlers: {
      submitTransactions: (batches, { signal }) => submitStream(batches, intake, signal),
      async getBlock({ block, includeTransactions }, { signal }) {
        const header = headerOf(readBlockRef(block));
        const transactions = includeTransactions ? await transactionsOf(header, view, signal) : [];
        return { header: headerMessage(header), transactions: [...transactions] };
      },
      async getTransaction({ hash }) {
        const found = reader.transaction(readHash(hash, "hash"));
        if (found === undefined) throw new ChainError({ code: "TRANSACTION_UNKNOWN" });
        const { transaction, place } = found;
        return {
          transaction: transaction.raw,
          sender: hexToBytes(transaction.sender),
          place: place && placeMessage(place),
        };
      },
      async getReceipt({ hash }) {
        const receipt = reader.receipt(readHash(hash, "hash"));
        if (receipt === undefined) throw new ChainError({ code: "TRANSACTION_UNKNOWN" });
        return receiptMessage(receipt);
      },
      async call(request, { signal }) {
        const outcome = await calls.call(callMessage(request), readBlockRef(request.block), signal);
        const { failure, output, gasUsed } = outcome;
        return { succeeded: failure === undefined, output, gasUsed, failure: failure ?? "" };
      },
      async getProof({ block, address, slots }, { signal }) {
        if (slots.length > slotsMax) throw new ChainError({ code: "REQUEST_INVALID", field: "slots" });
        const header = headerOf(readBlockRef(block));
        const words = slots.map((slot) => readWord(slot, "slots"));
        const request = { address: readAddress(address, "address"), slots: words, at: header.hash };
        const proof = isSmallProof(words.length, header, reader)
          ? reader.proof(request.address, words, header.hash)
          : await calls.proof(request, signal);
        return proofMessage(header, proof);
      },
      async *subscribeBlocks({ cursor }, { signal }) {
        for await (const event of subscriptions.blocks({ cursor: cursorOf(cursor), signal })) {
          yield {
            header: headerMessage(event.block),
            removed: event.kind === "removed",
            cursor: event.cursor,
          };
        }
      },
      async *subscribeLogs({ cursor, addresses, topics }, { signal }) {
        if (addresses.length > filterMax) throw new ChainError({ code: "REQUEST_INVALID", field: "addresses" });
        if (topics.length > 4) throw new ChainError({ code: "REQUEST_INVALID", field: "topics" });
        const filter = {
          addresses: addresses.map((address) => readAddress(address, "addresses")),
          topics: topics.map((choice) => choice.topics.map((topic) => readHash(topic, "topics"))),
        };
        for await (const event of subscriptions.logs(filter, { cursor: cursorOf(cursor), signal })) {
          assertFits(event);
          yield {
            blockHash: hexToBytes(event.block.hash),
            blockNumber: event.block.header.number,
            logs: event.logs.map(logMessage),
            removed: event.kind === "removed",
            cursor: event.cursor,
            unfinished: !event.isLast,
          };
        }
      },
    },
  });
}

/** Whoever resumed before a log that is too large would be told of it for ever. A log of more than a part has one to itself. */
function assertFits({ block, logs: [first], cursor }: LogEvent): void {
  const sizeBytes = first?.log.data.length ?? 0;
  if (first === undefined || sizeBytes <= logDataBytesMax) return;
  throw new ChainError({ code: "LOG_TOO_LARGE", block: block.hash, logIndex: first.logIndex, sizeBytes, cursor });
}

async function transactionsOf(
  header: ChainHeader,
  { reader, calls }: ChainView,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  if (!isSmallBlock(header)) return calls.rawTransactions(header.hash, signal);
  return reader.rawTransactions(header.hash) ?? [];
}

function cursorOf(cursor: string): string | undefined {
  return cursor === "" ? undefined : cursor;
}

function callMessage({ from, to, data, value, gas }: CallRequest): CallMessage {
  return {
    from: from.length === 0 ? undefined : readAddress(from, "from"),
    to: to.length === 0 ? undefined : readAddress(to, "to"),
    data,
    value: readWord(value, "value"),
    gas: gas === 0n ? undefined : gas,
  };
}
