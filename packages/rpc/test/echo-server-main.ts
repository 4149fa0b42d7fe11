// A server in a process of its own: `echo-server-main.ts <address> [folder with echo.pem, echo.key and ca.pem]`.
import { CertificateFiles } from "../src/certificate-files.ts";
import { Dispatcher } from "../src/dispatcher.ts";
import { GrpcServer, type ServerSecurity } from "../src/grpc-server.ts";
import { createEchoService, EchoWitness } from "./echo-service.ts";
import { certificatePaths } from "./test-certificates.ts";

const [, , wanted = "127.0.0.1:0", folder] = process.argv;
const security: ServerSecurity =
  folder === undefined
    ? { kind: "plaintext", loopback: true }
    : { kind: "mtls", certificates: new CertificateFiles(certificatePaths(folder, "echo")) };
const clock = { now: () => Date.now() };
const server = new GrpcServer({ security }, { clock });
const witness = new EchoWitness();
witness.lastOnly = true;
server.add(new Dispatcher(createEchoService(witness), { clock }));
process.stdout.write(`listening on ${await server.listen(wanted)}\n`);
