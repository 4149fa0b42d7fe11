import type { BinaryWriter } from "@bufbuild/protobuf/wire";

/** A protobuf message codec as ts-proto generates it. */
export interface MessageType<T> {
  encode(message: T, writer?: BinaryWriter): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

/** One rpc as ts-proto's generic definitions describe it. */
export interface MethodDefinition {
  readonly name: string;
  readonly requestType: MessageType<unknown>;
  readonly requestStream: boolean;
  readonly responseType: MessageType<unknown>;
  readonly responseStream: boolean;
  readonly options: { readonly idempotencyLevel?: "IDEMPOTENT" | "NO_SIDE_EFFECTS" };
}

/** A service as ts-proto's generic definitions describe it; every generated `XServiceDefinition` is one. */
export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: { readonly [key: string]: MethodDefinition };
}

/** The message type that a codec codes. */
type MessageOf<C> = C extends MessageType<infer T> ? T : never;

/** The request message of an rpc. */
export type RequestOf<M extends MethodDefinition> = MessageOf<M["requestType"]>;

/** The response message of an rpc. */
export type ResponseOf<M extends MethodDefinition> = MessageOf<M["responseType"]>;

/** The HTTP/2 path of an rpc. */
export function methodPath(service: ServiceDefinition, method: MethodDefinition): string {
  return `/${service.fullName}/${method.name}`;
}
