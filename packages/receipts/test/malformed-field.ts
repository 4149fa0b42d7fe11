import { ReceiptsError } from "../src/fault.ts";

/** The field for which an action refuses a document as malformed; `accepted` when it does not. */
export function malformedField(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ReceiptsError && error.fault.code === "DOCUMENT_MALFORMED") return error.fault.field;
    throw error;
  }
  return "accepted";
}
