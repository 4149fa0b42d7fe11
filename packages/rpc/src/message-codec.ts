import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { MessageType } from "./definition.ts";
import { transportError } from "./rpc-error.ts";

/** No message is larger than this on any transport, whatever a service allows: 64 MiB. */
export const transportBytesMax = 64 * 1024 * 1024;

// A fresh writer per message costs more than all else about a small one; a buffer larger than this is not kept.
const keptBytesMax = 1024 * 1024;
let writer = new BinaryWriter();

/** Encodes a message; MESSAGE_TOO_LARGE beyond the bound. */
export function encodeMessage(type: MessageType<unknown>, message: unknown, bytesMax: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    // `finish` copies what was written, so the writer's buffer serves every message of the process.
    bytes = type.encode(message, writer).finish();
  } catch (error) {
    writer = new BinaryWriter();
    throw error;
  }
  if (bytes.length > keptBytesMax) writer = new BinaryWriter();
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
