import {
  Endpoint,
  type InferRequest,
  type InferResponse,
  Preference,
  type RoutingPolicy as RoutingPolicyMessage,
} from "@koinon/contracts/koinon/compute/v1/inference";
import { isRequestId } from "@koinon/receipts/request-id";
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { AnswerPart, Endpoint as EndpointName, InferenceRequest } from "../relay/inference.ts";
import { defaultPolicy, type RoutingPolicy } from "../routing/candidate.ts";
import { amountField, hashField, invalidField, textField } from "./field.ts";

const modelLengthMax = 256;
const accountLengthMax = 64;
const mentionsMax = 64;
const mentionLengthMax = 128;

/** Reads a request to relay; throws MarketError `FIELD_INVALID`. */
export function inferenceRequestFrom(message: InferRequest): InferenceRequest {
  const requestId = hashField(message.requestId, "request_id");
  if (!isRequestId(requestId)) throw invalidField("request_id", "not 16 bytes right-aligned in 32");
  return {
    requestId,
    accountId: textField(message.accountId, "account_id", accountLengthMax),
    endpoint: endpointFrom(message.endpoint),
    body: message.body,
    model: textField(message.model, "model", modelLengthMax),
    policy: message.policy === undefined ? defaultPolicy : policyFrom(message.policy),
    maxOutputTokens: message.maxOutputTokens,
  };
}

function endpointFrom(endpoint: Endpoint): EndpointName {
  switch (endpoint) {
    case Endpoint.CHAT_COMPLETIONS:
      return "chat";
    case Endpoint.COMPLETIONS:
      return "completion";
    case Endpoint.EMBEDDINGS:
      return "embedding";
    default:
      throw invalidField("endpoint", "unknown");
  }
}

function policyFrom(policy: RoutingPolicyMessage): RoutingPolicy {
  return {
    prefer: preferenceFrom(policy.prefer),
    order: mentionsFrom(policy.order, "policy.order"),
    only: mentionsFrom(policy.only, "policy.only"),
    exclude: mentionsFrom(policy.exclude, "policy.exclude"),
    regions: mentionsFrom(policy.regions, "policy.regions"),
    noFallback: policy.noFallback,
    maxFee: policy.maxFee === "" ? undefined : amountField(policy.maxFee, "policy.max_fee"),
  };
}

function preferenceFrom(preference: Preference): RoutingPolicy["prefer"] {
  switch (preference) {
    case Preference.UNSPECIFIED:
    case Preference.PRICE:
      return "price";
    case Preference.LATENCY:
      return "latency";
    default:
      throw invalidField("policy.prefer", "unknown");
  }
}

function mentionsFrom(mentions: readonly string[], field: string): readonly string[] {
  if (mentions.length > mentionsMax) throw invalidField(field, `more than ${mentionsMax}`);
  return mentions.map((mention) => textField(mention, field, mentionLengthMax));
}

/** One part of an answer as a message. */
export function inferResponseFrom(part: AnswerPart): InferResponse {
  switch (part.kind) {
    case "chunk":
      return { part: { $case: "chunk", value: part.bytes } };
    case "head":
      return {
        part: {
          $case: "head",
          value: {
            status: part.status,
            contentType: part.contentType,
            provider: hexToBytes(part.provider),
            providerName: part.providerName,
            manifestHash: hexToBytes(part.subject),
            priceId: hexToBytes(part.priceId),
          },
        },
      };
    case "end":
      return {
        part: {
          $case: "end",
          value: {
            receiptId: hexToBytes(part.receiptId),
            fee: part.fee.toString(),
            inputUnits: part.inputUnits,
            outputUnits: part.outputUnits,
          },
        },
      };
  }
}
