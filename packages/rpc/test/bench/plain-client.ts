import { Client, credentials } from "@grpc/grpc-js";
import { EchoRequest, EchoResponse } from "../gen/echo.ts";
import type { EchoCalls } from "./measure.ts";

const serialize = (request: EchoRequest): Buffer => Buffer.from(EchoRequest.encode(request).finish());
const deserialize = (bytes: Buffer): EchoResponse => EchoResponse.decode(bytes);

/** The yardstick: grpc-js used directly, without deadlines, errors or anything else on top. */
export function plainCalls(address: string): EchoCalls & { close(): void } {
  const client = new Client(address, credentials.createInsecure());
  return {
    unary: (request) =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(
          "/koinon.rpctest.v1.EchoService/Unary",
          serialize,
          deserialize,
          request,
          (error, answer) => (error === null && answer !== undefined ? resolve(answer) : reject(error)),
        );
      }),
    download: (request) =>
      client.makeServerStreamRequest("/koinon.rpctest.v1.EchoService/Download", serialize, deserialize, request),
    close: () => client.close(),
  };
}
