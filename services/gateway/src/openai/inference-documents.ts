import { z } from "zod";
import type { AnswerDocument, RouteDocument } from "../http/api-document.ts";
import { declareRoute } from "../http/api-routes.ts";
import type { Operation } from "./request-head.ts";

const requestHeaders = {
  "x-koinon-prefer": "price or latency: what orders the providers",
  "x-koinon-order": "comma list of provider names or addresses to try first, in this order",
  "x-koinon-only": "comma list of the only providers allowed",
  "x-koinon-exclude": "comma list of providers never to use",
  "x-koinon-regions": "comma list of the only regions allowed",
  "x-koinon-no-fallback": "true forbids a second provider after a failure",
  "x-koinon-max-fee": "micro-credits that this request may reserve at most",
  "idempotency-key": "names the request: repeating it answers 409 instead of paying twice",
};

const answerHeaders = {
  "x-request-id": "req_ and 32 hex digits; names the receipt",
  "x-koinon-provider": "address of the party that served",
  "x-koinon-provider-name": "its name, percent-encoded where it is not plain ASCII",
  "x-koinon-model": "hash of the model's manifest",
  "x-koinon-price": "digest of the quote that is charged under",
};

const streamable: AnswerDocument = {
  description:
    "The provider's bytes, untouched: one JSON object, or server-sent events when `stream` is true. A stream that breaks ends with an event that holds an error, and without its last chunk.",
  contentTypes: ["application/json", "text/event-stream"],
  headers: answerHeaders,
};

const plain: AnswerDocument = {
  description: "The provider's bytes, untouched: one JSON object.",
  contentTypes: ["application/json"],
  headers: answerHeaders,
};

const refused: AnswerDocument = {
  description: "The engine's own refusal, untouched; it is not charged.",
  contentTypes: ["application/json"],
  headers: answerHeaders,
};

const tokens = z.int().min(1).nullish();
const modelName = z.string().min(1).max(256).describe("a model's name or manifest hash");
const bodyDescription = "Handed to the provider byte for byte; only the members listed here are read on the way.";

const common = {
  method: "POST",
  tag: "inference",
  access: "inference",
  requestHeaders,
  errors: [402, 404, 409, 502, 504],
} as const;

/** The OpenAI operations, as they are published. */
export const inferenceDocuments: readonly { readonly operation: Operation; readonly document: RouteDocument }[] = [
  {
    operation: "chat.completions",
    document: declareRoute({
      ...common,
      path: "/v1/chat/completions",
      id: "createChatCompletion",
      summary: "Chat with a model",
      rawBody: {
        contentType: "application/json",
        description: bodyDescription,
        schema: z.looseObject({
          model: modelName,
          messages: z.array(z.unknown()),
          stream: z.boolean().nullish(),
          max_completion_tokens: tokens,
          max_tokens: tokens,
          n: z.int().min(1).max(128).nullish(),
        }),
      },
      answers: { 200: streamable, "4XX": refused },
    }),
  },
  {
    operation: "completions",
    document: declareRoute({
      ...common,
      path: "/v1/completions",
      id: "createCompletion",
      summary: "Complete a prompt",
      rawBody: {
        contentType: "application/json",
        description: bodyDescription,
        schema: z.looseObject({
          model: modelName,
          stream: z.boolean().nullish(),
          max_tokens: tokens,
          n: z.int().min(1).max(128).nullish(),
          best_of: z.int().min(1).max(128).nullish(),
        }),
      },
      answers: { 200: streamable, "4XX": refused },
    }),
  },
  {
    operation: "embeddings",
    document: declareRoute({
      ...common,
      path: "/v1/embeddings",
      id: "createEmbedding",
      summary: "Embed text",
      rawBody: {
        contentType: "application/json",
        description: bodyDescription,
        schema: z.looseObject({ model: modelName, input: z.unknown() }),
      },
      answers: { 200: plain, "4XX": refused },
    }),
  },
];
