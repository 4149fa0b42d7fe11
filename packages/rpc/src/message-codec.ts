import type { MessageType } from "./definition.ts";
import { transportError } from "./rpc-error.ts";

/** No message is larger than this on any transport, whatever a service allows: 64 MiB. */
export const transportBytesMax = 64 * 1024 * 1024;

/** Encodes a message; MESSAGE_TOO_LARGE beyond the bound. */
export function encodeMessage(type: MessageType<unknown>, message: unknown, bytesMax: number): Uint8Array {
  const bytes = type.encode(message).finish();
  if (bytes.length > bytesMax) throw tooLarge(bytes.length, bytesMax);
  return bytes;
}

/** Decodes a message; MESSAGE_TOO_LARGE beyond the bound, MESSAGE_MALFORMED when the bytes are not one. */
export function decodeMessage(type: MessageType<unknown>, bytes: Uint8Array, bytesMax: number): unknown {
  if (bytes.length > bytesMax) throw tooLarge(bytes.length, bytesMax);
  try {
    return type.decode(bytes);
  } catch (error) {
    throw transportError("MESSAGE_MALFORMED", { cause: error });
  }
}

function tooLarge(sizeBytes: number, maxBytes: number): Error {
  return transportError("MESSAGE_TOO_LARGE", { facts: { sizeBytes: String(sizeBytes), maxBytes: String(maxBytes) } });
}
