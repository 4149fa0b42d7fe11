import { DomainError } from "@koinon/errors/domain-error";

export type HostFault =
  | { code: "MODULE_START_FAILED"; module: string; reason: string }
  | { code: "NO_SUCH_MODULE"; module: string }
  | { code: "SERVICE_SERVED_TWICE"; service: string };

/** What keeps a host from running its modules. */
export class HostError extends DomainError<HostFault> {}
