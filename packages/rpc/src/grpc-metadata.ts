import { Metadata } from "@grpc/grpc-js";

/** Names the caller on connections without certificates; ignored on all others. */
export const callerHeader = "x-koinon-caller";

// Set by HTTP/2 and gRPC themselves; no concern of handlers.
const ownedByTransport = /^(?:grpc-|:|user-agent$|content-type$|te$)/;

/** Request metadata for handlers: text values by lower-case name, without what belongs to gRPC itself. */
export function metadataToMap(metadata: Metadata): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of Object.entries(metadata.getMap())) {
    if (typeof value === "string" && !ownedByTransport.test(name)) map.set(name, value);
  }
  return map;
}

export function metadataFromMap(map: ReadonlyMap<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of map) metadata.set(name, value);
  return metadata;
}

/** A view of the bytes as the Buffer that grpc-js wants; nothing is copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** For grpc-js, whose messages are the encoded bytes here: coding is done outside, alike for every transport. */
export function sameBuffer(bytes: Buffer): Buffer {
  return bytes;
}
