import { DomainError } from "@koinon/errors/domain-error";

/** Why a JSON value is not what it should be; `reason` is told to the caller. */
export interface ValueFault {
  readonly code: "VALUE_MALFORMED";
  readonly reason: string;
}

/** Thrown by the decoders of values. */
export class ValueError extends DomainError<ValueFault> {}

/** An error with its reason. */
export function malformed(reason: string): ValueError {
  return new ValueError({ code: "VALUE_MALFORMED", reason });
}
