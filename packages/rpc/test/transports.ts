import path from "node:path";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import type { ServiceBinding } from "../src/binding.ts";
import { CertificateFiles } from "../src/certificate-files.ts";
import { createClient } from "../src/client.ts";
import type { Dispatcher } from "../src/dispatcher.ts";
import { createGrpcChannel } from "../src/grpc-channel.ts";
import { GrpcServer } from "../src/grpc-server.ts";
import type { Client } from "../src/handler.ts";
import { LocalServices } from "../src/in-process.ts";
import { EchoServiceDefinition } from "./gen/echo.ts";
import { writeTestCertificates } from "./test-certificates.ts";

export const clock = { now: () => Date.now() };

export interface Served {
  readonly client: Client<EchoServiceDefinition>;
  readonly dispatcher: Dispatcher;
  readonly bugs: unknown[];
  close(): Promise<void>;
}

export interface ServeOptions {
  /** Who calls. */
  readonly caller?: string;
}

export interface Transport {
  readonly name: string;
  serve(binding: ServiceBinding, options?: ServeOptions): Promise<Served>;
}

function locally(binding: ServiceBinding): { local: LocalServices; dispatcher: Dispatcher; bugs: unknown[] } {
  const bugs: unknown[] = [];
  const local = new LocalServices({ clock, onBug: (error) => bugs.push(error) });
  return { local, dispatcher: local.add(binding), bugs };
}

export const inProcess: Transport = {
  name: "in process",
  serve: async (binding, { caller = "gateway" } = {}) => {
    const { local, dispatcher, bugs } = locally(binding);
    const client = createClient(EchoServiceDefinition, local.channel(caller), {}, { clock });
    return { client, dispatcher, bugs, close: async () => {} };
  },
};

export const unixSocket: Transport = {
  name: "gRPC over a unix socket",
  serve: async (binding, { caller = "gateway" } = {}) => {
    const folder = await temporaryFolder();
    const { dispatcher, bugs } = locally(binding);
    const server = new GrpcServer({ security: { kind: "plaintext" } }, { clock });
    server.add(dispatcher);
    const address = await server.listen(`unix:${path.join(folder.path, "echo.sock")}`);
    const channel = createGrpcChannel(
      { address, security: { kind: "plaintext", caller }, definitions: [EchoServiceDefinition] },
      { clock },
    );
    const client = createClient(EchoServiceDefinition, channel, {}, { clock });
    const close = async (): Promise<void> => {
      channel.close();
      await server.stop(AbortSignal.abort());
      await folder.remove();
    };
    return { client, dispatcher, bugs, close };
  },
};

export const mutualTls: Transport = {
  name: "gRPC with mutual TLS",
  serve: async (binding, { caller = "gateway" } = {}) => {
    const folder = await temporaryFolder();
    const { dispatcher, bugs } = locally(binding);
    const paths = await writeTestCertificates(folder.path, { echo: {}, [caller]: {} });
    const ours = new CertificateFiles(paths("echo"));
    const theirs = new CertificateFiles(paths(caller));
    const server = new GrpcServer({ security: { kind: "mtls", certificates: ours } }, { clock });
    server.add(dispatcher);
    const address = await server.listen("127.0.0.1:0");
    const channel = createGrpcChannel(
      {
        address,
        security: { kind: "mtls", certificates: theirs, server: "echo" },
        definitions: [EchoServiceDefinition],
      },
      { clock },
    );
    const client = createClient(EchoServiceDefinition, channel, {}, { clock });
    const close = async (): Promise<void> => {
      channel.close();
      await server.stop(AbortSignal.abort());
      ours.close();
      theirs.close();
      await folder.remove();
    };
    return { client, dispatcher, bugs, close };
  },
};
