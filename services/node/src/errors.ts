import { DomainError } from "@koinon/errors/domain-error";

/** Why a host can not start. */
export type NodeFault =
  | { code: "ENGINE_URL_UNUSABLE"; url: string; reason: string }
  | { code: "GATEWAY_PORT_IN_USE"; port: number }
  | { code: "CONSUMER_KEY_REFUSED"; status: number; answer: string }
  | { code: "CHAIN_NOT_SERVING"; rpc: string; waitedMs: number }
  | { code: "UNKNOWN_SERVICE"; name: string; known: string };

export class NodeError extends DomainError<NodeFault> {}
