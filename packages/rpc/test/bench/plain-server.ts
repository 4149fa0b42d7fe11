// The same echoes by grpc-js alone, as the yardstick: `plain-server.ts <address>`.
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { EchoRequest, EchoResponse } from "../gen/echo.ts";

const server = new Server();
const serialize = (response: EchoResponse): Buffer => Buffer.from(EchoResponse.encode(response).finish());
const deserialize = (bytes: Buffer): EchoRequest => EchoRequest.decode(bytes);
const answer = ({ text, payload, number }: EchoRequest, index: number): EchoResponse => ({
  text,
  payload,
  index,
  number,
  caller: "",
});

server.register(
  "/koinon.rpctest.v1.EchoService/Unary",
  (call: ServerUnaryCall<EchoRequest, EchoResponse>, done: sendUnaryData<EchoResponse>) =>
    done(null, answer(call.request, 0)),
  serialize,
  deserialize,
  "unary",
);
server.register(
  "/koinon.rpctest.v1.EchoService/Download",
  async (call: ServerWritableStream<EchoRequest, EchoResponse>) => {
    for (let index = 0; index < call.request.count; index += 1) {
      if (!call.write(answer(call.request, index))) await new Promise((resolve) => call.once("drain", resolve));
    }
    call.end();
  },
  serialize,
  deserialize,
  "serverStream",
);
server.bindAsync(process.argv[2] ?? "", ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  process.stdout.write(`listening on ${process.argv[2]}\n`);
});
