// A server in a process of its own, to be killed: serves echoes on the address in argv.
import { Dispatcher } from "../src/dispatcher.ts";
import { GrpcServer } from "../src/grpc-server.ts";
import { createEchoService, EchoWitness } from "./echo-service.ts";

const clock = { now: () => Date.now() };
const server = new GrpcServer({ security: { kind: "plaintext", loopback: true } }, { clock });
server.add(new Dispatcher(createEchoService(new EchoWitness()), { clock }));
const address = await server.listen(process.argv[2] ?? "127.0.0.1:0");
process.stdout.write(`listening on ${address}\n`);
