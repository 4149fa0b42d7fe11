import type { ForkSchedule } from "@koinon/ethereum/fork-schedule";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import { bytesToHex, type Hex, isHex } from "@koinon/secp256k1/hex";
import { readHash } from "../../jsonrpc/codec/bytes.ts";
import { ObjectReader } from "../../jsonrpc/codec/object.ts";
import { readQuantity, readQuantity64 } from "../../jsonrpc/codec/quantity.ts";
import { ValueError } from "../../jsonrpc/codec/value-error.ts";
import type { WireError } from "../../jsonrpc/json-rpc-error.ts";
import {
  type BuiltPayload,
  EngineError,
  type EngineHead,
  type ExecutionEngine,
  type ForkchoiceOutcome,
  type ForkchoiceState,
  type PayloadAttributes,
  type PayloadStatus,
  type ProposedPayload,
} from "../execution-engine.ts";
import { getPayloadMethod, newPayloadMethod } from "./engine-methods.ts";
import { attributesToJson, readStatus } from "./forkchoice-json.ts";
import { createJwt, type JwtSecret } from "./jwt.ts";
import { payloadToJson, readPayload, readRequests } from "./payload-json.ts";

/** Where an engine is. */
export interface EngineClientOptions {
  readonly url: string;
  readonly secret: JwtSecret;
  /** The Engine API's own limit is 8 s for the slowest method. */
  readonly timeoutMs: number;
}

/** What the engine's client answered: a result as it came, or its refusal. */
export type ForwardedAnswer = { readonly result: unknown } | { readonly refusal: WireError };

/** What a client needs to know. */
export interface EngineClientDependencies {
  readonly forks: ForkSchedule;
  readonly clock: { now(): number };
}

/** Payloads whose fork and root are remembered between order and delivery. */
const ordersMax = 16;

/** An engine in another process: any client of Ethereum that has the Engine API. */
export class EngineClient implements ExecutionEngine {
  private readonly options: EngineClientOptions;
  private readonly dependencies: EngineClientDependencies;
  private readonly orders = new Map<Hex, PayloadAttributes>();
  private requests = 0;

  constructor(options: EngineClientOptions, dependencies: EngineClientDependencies) {
    this.options = options;
    this.dependencies = dependencies;
  }

  async newPayload(proposed: ProposedPayload, signal: AbortSignal): Promise<PayloadStatus> {
    const { payload, blobVersionedHashes, parentBeaconBlockRoot, requests } = proposed;
    const parameters: unknown[] = [payloadToJson(payload), blobVersionedHashes, parentBeaconBlockRoot];
    if (requests !== undefined) parameters.push(requests.map(bytesToHex));
    const name = newPayloadMethod(this.dependencies.forks.forkAt(payload.timestamp));
    return await this.call(name, parameters, signal, readStatus);
  }

  async forkchoiceUpdated(
    state: ForkchoiceState,
    attributes: PayloadAttributes | undefined,
    signal: AbortSignal,
  ): Promise<ForkchoiceOutcome> {
    const parameters = [state, attributes === undefined ? null : attributesToJson(attributes)];
    const outcome = await this.call("engine_forkchoiceUpdatedV3", parameters, signal, readOutcome);
    if (attributes !== undefined && outcome.payloadId !== undefined) this.remember(outcome.payloadId, attributes);
    return outcome;
  }

  async getPayload(payloadId: Hex, signal: AbortSignal): Promise<BuiltPayload> {
    const order = this.orders.get(payloadId);
    if (order === undefined) throw new EngineError({ code: "PAYLOAD_UNKNOWN", payloadId });
    const name = getPayloadMethod(this.dependencies.forks.forkAt(order.timestamp));
    return await this.call(name, [payloadId], signal, (value) => readBuilt(value, order.parentBeaconBlockRoot));
  }

  async head(signal: AbortSignal): Promise<EngineHead> {
    return await this.call("eth_getBlockByNumber", ["latest", false], signal, (value) => {
      const reader = new ObjectReader(value, "block");
      return {
        hash: reader.required("hash", readHash),
        number: reader.required("number", readQuantity64),
        timestamp: reader.required("timestamp", readQuantity64),
      };
    });
  }

  /** Asks for a method that is not the proposer's; answers the response as it came. Throws EngineError when there is none. */
  async forward(method: string, params: readonly unknown[], signal: AbortSignal): Promise<ForwardedAnswer> {
    const answer = await this.post({ jsonrpc: "2.0", id: ++this.requests, method, params }, signal);
    const { result, error } = (answer ?? {}) as {
      result?: unknown;
      error?: { code?: unknown; message?: unknown; data?: unknown };
    };
    if (error === undefined) return { result: result ?? null };
    const { code, message, data } = error;
    return { refusal: { code: Number(code), message: String(message), ...(isHex(data) ? { data } : {}) } };
  }

  private remember(payloadId: Hex, attributes: PayloadAttributes): void {
    this.orders.set(payloadId, attributes);
    for (const oldest of this.orders.keys()) {
      if (this.orders.size <= ordersMax) return;
      this.orders.delete(oldest);
    }
  }

  private async call<T>(
    method: string,
    params: readonly unknown[],
    signal: AbortSignal,
    read: (value: unknown) => T,
  ): Promise<T> {
    const answer = await this.post({ jsonrpc: "2.0", id: ++this.requests, method, params }, signal);
    try {
      const reader = new ObjectReader(answer, "answer");
      if (reader.has("error")) throw refusalOf(reader.required("error", (value) => new ObjectReader(value, "error")));
      return reader.required("result", read);
    } catch (error) {
      if (error instanceof ValueError) throw invalidAnswer(`${method}: ${error.fault.reason}`);
      throw error;
    }
  }

  private async post(request: object, signal: AbortSignal): Promise<unknown> {
    const { url, secret, timeoutMs } = this.options;
    const token = createJwt(secret, this.dependencies.clock.now());
    let response: Response;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify(request),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      if (response.ok) return await response.json();
    } catch (cause) {
      signal.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EngineError({ code: "ENGINE_UNREACHABLE", reason }, { cause });
    }
    throw new EngineError({ code: "ENGINE_UNREACHABLE", reason: `status ${response.status}` });
  }
}

function readOutcome(value: unknown): ForkchoiceOutcome {
  const reader = new ObjectReader(value, "forkchoice answer");
  return {
    payloadStatus: reader.required("payloadStatus", readStatus),
    payloadId: reader.optional("payloadId", (id) => {
      if (!isHex(id, 8)) throw invalidAnswer("payloadId is not eight bytes");
      return id;
    }),
  };
}

function readBuilt(value: unknown, parentBeaconBlockRoot: Hex): BuiltPayload {
  const reader = new ObjectReader(value, "payload answer");
  const payload = reader.required("executionPayload", readPayload);
  return {
    payload,
    blockValue: reader.required("blockValue", readQuantity),
    requests: reader.optional("executionRequests", readRequests),
    blobVersionedHashes: payload.transactions.flatMap(blobHashesOf),
    parentBeaconBlockRoot,
  };
}

function blobHashesOf(raw: Uint8Array): readonly Hex[] {
  if (raw[0] !== 3) return [];
  const transaction = decodeTransaction(raw);
  return transaction.type === 3 ? transaction.blobVersionedHashes : [];
}

function refusalOf(error: ObjectReader): EngineError {
  const rpcCode = error.optional("code", Number) ?? 0;
  return new EngineError({ code: "ENGINE_REFUSED", rpcCode, message: error.optional("message", String) ?? "" });
}

function invalidAnswer(reason: string): EngineError {
  return new EngineError({ code: "ENGINE_ANSWER_INVALID", reason });
}
