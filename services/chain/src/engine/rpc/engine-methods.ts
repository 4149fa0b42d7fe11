import type { Fork } from "@koinon/ethereum/fork";
import type { ForkSchedule } from "@koinon/ethereum/fork-schedule";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { readBytes, readHash } from "../../jsonrpc/codec/bytes.ts";
import { readList } from "../../jsonrpc/codec/object.ts";
import { optional, required } from "../../jsonrpc/codec/parameter.ts";
import { quantity } from "../../jsonrpc/codec/quantity.ts";
import { JsonRpcError, type wireCodes } from "../../jsonrpc/json-rpc-error.ts";
import { type CallContext, type Methods, method } from "../../jsonrpc/method.ts";
import {
  type BuiltPayload,
  EngineError,
  type EngineFault,
  type ExecutionEngine,
  type ProposedPayload,
} from "../execution-engine.ts";
import { readAttributes, readForkchoiceState, statusToJson } from "./forkchoice-json.ts";
import { payloadToJson, readHashes, readPayload, readRequests } from "./payload-json.ts";

/** Who the engine is, for engine_getClientVersionV1. */
export interface ClientVersion {
  /** Two letters. */
  readonly code: string;
  readonly name: string;
  readonly version: string;
  /** Four bytes of hex. */
  readonly commit: string;
}

const newPayloadVersions: Readonly<Record<Fork, string>> = {
  cancun: "engine_newPayloadV3",
  prague: "engine_newPayloadV4",
  osaka: "engine_newPayloadV4",
};

const getPayloadVersions: Readonly<Record<Fork, string>> = {
  cancun: "engine_getPayloadV3",
  prague: "engine_getPayloadV4",
  osaka: "engine_getPayloadV5",
};

/** The method that carries a payload of a fork to an engine. */
export function newPayloadMethod(fork: Fork): string {
  return newPayloadVersions[fork];
}

/** The method that fetches a payload of a fork from an engine. */
export function getPayloadMethod(fork: Fork): string {
  return getPayloadVersions[fork];
}

/** The Engine API from Cancun to Osaka (execution-apis, src/engine). */
export function createEngineMethods(engine: ExecutionEngine, forks: ForkSchedule, client: ClientVersion): Methods {
  const newPayload = async (name: string, proposed: ProposedPayload, { signal }: CallContext) => {
    assertVersion(name, newPayloadVersions, forks.forkAt(proposed.payload.timestamp));
    return statusToJson(await asEngineAnswer(() => engine.newPayload(proposed, signal)));
  };
  const getPayload = (name: string, toJson: (built: BuiltPayload) => object) =>
    method([required(readBytes)], async ([id], { signal }) => {
      const built = await asEngineAnswer(() => engine.getPayload(bytesToHex(id), signal));
      assertVersion(name, getPayloadVersions, forks.forkAt(built.payload.timestamp));
      return toJson(built);
    });
  const methods: Methods = {
    engine_newPayloadV3: method(
      [required(readPayload), required(readHashes), required(readHash)],
      ([payload, blobVersionedHashes, parentBeaconBlockRoot], context) =>
        newPayload(
          "engine_newPayloadV3",
          { payload, blobVersionedHashes, parentBeaconBlockRoot, requests: undefined },
          context,
        ),
    ),
    engine_newPayloadV4: method(
      [required(readPayload), required(readHashes), required(readHash), required(readRequests)],
      ([payload, blobVersionedHashes, parentBeaconBlockRoot, requests], context) =>
        newPayload("engine_newPayloadV4", { payload, blobVersionedHashes, parentBeaconBlockRoot, requests }, context),
    ),
    engine_forkchoiceUpdatedV3: method(
      [required(readForkchoiceState), optional(readAttributes)],
      async ([state, attributes], { signal }) => {
        const chosen = await asEngineAnswer(() => engine.forkchoiceUpdated(state, attributes, signal));
        return { payloadStatus: statusToJson(chosen.payloadStatus), payloadId: chosen.payloadId ?? null };
      },
    ),
    engine_getPayloadV3: getPayload("engine_getPayloadV3", builtToJson),
    engine_getPayloadV4: getPayload("engine_getPayloadV4", builtWithRequestsToJson),
    engine_getPayloadV5: getPayload("engine_getPayloadV5", builtWithRequestsToJson),
    engine_getClientVersionV1: method([optional((value) => value)], () => [client]),
  };
  return {
    ...methods,
    engine_exchangeCapabilities: method([required(readList(String, 1_024))], () => Object.keys(methods)),
  };
}

function assertVersion(name: string, versions: Readonly<Record<Fork, string>>, fork: Fork): void {
  if (versions[fork] === name) return;
  throw new JsonRpcError({ code: "ENGINE_UNSUPPORTED_FORK", message: "Unsupported fork" });
}

function builtToJson({ payload, blockValue }: BuiltPayload): object {
  return {
    executionPayload: payloadToJson(payload),
    blockValue: quantity(blockValue),
    // The pool takes no blob transactions.
    blobsBundle: { commitments: [], proofs: [], blobs: [] },
    shouldOverrideBuilder: false,
  };
}

function builtWithRequestsToJson(built: BuiltPayload): object {
  return { ...builtToJson(built), executionRequests: (built.requests ?? []).map(bytesToHex) };
}

const codes: Partial<Record<EngineFault["code"], keyof typeof wireCodes>> = {
  PAYLOAD_UNKNOWN: "ENGINE_UNKNOWN_PAYLOAD",
  FORKCHOICE_STATE_INVALID: "ENGINE_INVALID_FORKCHOICE_STATE",
  PAYLOAD_ATTRIBUTES_INVALID: "ENGINE_INVALID_PAYLOAD_ATTRIBUTES",
  REQUEST_TOO_LARGE: "ENGINE_TOO_LARGE_REQUEST",
  FORK_UNSUPPORTED: "ENGINE_UNSUPPORTED_FORK",
};

async function asEngineAnswer<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = error instanceof EngineError ? codes[error.code] : undefined;
    if (code === undefined) throw error;
    throw new JsonRpcError({ code, message: (error as EngineError).message }, { cause: error });
  }
}
