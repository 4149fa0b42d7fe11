import { JsonError } from "@koinon/canonical-json/fault";
import type { DomainError } from "@koinon/errors/domain-error";
import { ReceiptsError } from "./fault.ts";

/** Why a document of this package can not be read, as a clause about "it" for people. */
export function describeUnreadable(error: DomainError): string {
  if (error instanceof ReceiptsError) return describeDocument(error);
  if (!(error instanceof JsonError)) return error.message;
  const { fault } = error;
  switch (fault.code) {
    case "JSON_TOO_LARGE":
      return `it has ${fault.sizeBytes} bytes, and ${fault.maxBytes} are the most`;
    case "JSON_MALFORMED":
      return `it is not JSON: ${fault.reason} (offset ${fault.offset})`;
    case "JSON_DUPLICATE_MEMBER":
      return `the member ${JSON.stringify(fault.member)} is there twice (offset ${fault.offset})`;
    case "JSON_NOT_CANONICAL":
      return `${fault.reason} (offset ${fault.offset})`;
    case "JSON_NOT_REPRESENTABLE":
      return `${fault.path}: ${fault.reason}`;
  }
}

function describeDocument({ fault, message }: ReceiptsError): string {
  if (fault.code !== "DOCUMENT_MALFORMED") return message;
  return fault.field === "" ? `it is ${fault.reason}` : `its member ${fault.field} is wrong: ${fault.reason}`;
}
