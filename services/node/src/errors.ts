import { DomainError } from "@koinon/errors/domain-error";

/** Why the laptop host can not start. */
export type NodeFault =
  | { code: "DATA_FOLDER_IN_USE"; folder: string; pid: number }
  | { code: "PORT_IN_USE"; port: number }
  | { code: "CHILD_DIED"; name: string; exitCode: number | null; signal: string | null };

export class NodeError extends DomainError<NodeFault> {}
