import { once } from "node:events";
import { readFile, rename, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import type { CertificateError } from "../src/certificate-error.ts";
import { CertificateFiles, type CertificatePaths } from "../src/certificate-files.ts";
import { createClient } from "../src/client.ts";
import { createGrpcChannel } from "../src/grpc-channel.ts";
import { GrpcServer } from "../src/grpc-server.ts";
import { LocalServices } from "../src/in-process.ts";
import { servicesOfCertificate } from "../src/peer-identity.ts";
import type { RpcError } from "../src/rpc-error.ts";
import { createEchoService, EchoWitness, echoRequest } from "./echo-service.ts";
import { EchoServiceDefinition } from "./gen/echo.ts";
import { type TestCertificate, testAuthority, writeTestCertificates } from "./test-certificates.ts";
import { clock } from "./transports.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function folder(): Promise<string> {
  const made = await temporaryFolder();
  cleanups.push(() => made.remove());
  return made.path;
}

function files(paths: CertificatePaths, onProblem: (error: CertificateError) => void = () => {}): CertificateFiles {
  const source = new CertificateFiles(paths, { pollMs: 10, onProblem });
  cleanups.push(() => source.close());
  return source;
}

async function startServer(paths: CertificatePaths, onProblem?: (error: CertificateError) => void) {
  const witness = new EchoWitness();
  const dispatcher = new LocalServices({ clock }).add(createEchoService(witness));
  const certificates = files(paths, onProblem);
  const server = new GrpcServer({ security: { kind: "mtls", certificates } }, { clock });
  server.add(dispatcher);
  const address = await server.listen("127.0.0.1:0");
  cleanups.push(() => server.stop(AbortSignal.abort()));
  return { address, witness };
}

function clientFor(address: string, paths: CertificatePaths, server = "echo") {
  const channel = createGrpcChannel(
    { address, security: { kind: "mtls", certificates: files(paths), server }, definitions: [] },
    { clock },
  );
  cleanups.push(() => channel.close());
  return createClient(EchoServiceDefinition, channel, {}, { clock });
}

/** The outcome of a call between two certificates of one authority. */
async function outcome(server: TestCertificate, client: TestCertificate): Promise<string> {
  const paths = await writeTestCertificates(await folder(), { echo: server, gateway: client });
  const { address } = await startServer(paths("echo"));
  return clientFor(address, paths("gateway"))
    .unary(echoRequest(), { timeoutMs: 10_000 })
    .then(
      (answer) => `answered ${answer.caller}`,
      (error: RpcError) => `${error.code} ${error.detail ?? ""}`,
    );
}

const past = { notBefore: Date.now() - 7_200_000, notAfter: Date.now() - 3_600_000 };
const future = { notBefore: Date.now() + 3_600_000, notAfter: Date.now() + 7_200_000 };

/** Serial number of the certificate that a server shows on a new connection. */
async function shownSerial(address: string, paths: CertificatePaths): Promise<string> {
  const [cert, key, ca] = await Promise.all(
    [paths.certificateFile, paths.keyFile, paths.caFile].map((file) => readFile(file)),
  );
  const [host, port] = address.split(":");
  const socket: TLSSocket = connectTls({
    ...(host === undefined ? {} : { host }),
    port: Number(port),
    cert,
    key,
    ca,
    ALPNProtocols: ["h2"],
    checkServerIdentity: () => undefined,
  });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
}

describe("who may talk to whom", () => {
  test("two valid certificates of one authority", async () => {
    expect(await outcome({}, {})).toBe("answered gateway");
  });

  test("an expired or not yet valid certificate is refused on either side", async () => {
    expect(await outcome(past, {})).toMatch(/^UNAVAILABLE .*expired/);
    expect(await outcome(future, {})).toMatch(/^UNAVAILABLE .*not yet valid/);
    expect(await outcome({}, past)).toMatch(/^UNAVAILABLE/);
    expect(await outcome({}, future)).toMatch(/^UNAVAILABLE/);
  });

  test("a certificate of another authority is refused on either side", async () => {
    const [ours, theirs] = [await folder(), await folder()];
    const paths = await writeTestCertificates(ours, { echo: {}, gateway: {} });
    const others = await writeTestCertificates(theirs, { gateway: {} }, await testAuthority());
    const { address } = await startServer(paths("echo"));
    for (const caFile of [others("gateway").caFile, paths("gateway").caFile]) {
      const client = clientFor(address, { ...others("gateway"), caFile });
      await expect(client.unary(echoRequest(), { timeoutMs: 10_000 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
  });

  test("a client without a certificate is refused", async () => {
    const paths = await writeTestCertificates(await folder(), { echo: {} });
    const { address, witness } = await startServer(paths("echo"));
    const [host = "", port] = address.split(":");
    const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ["h2"] });
    const alert = await new Promise<Error>((resolve) => socket.on("error", resolve));
    expect(alert.message).toContain("certificate required");
    expect(witness.contexts).toHaveLength(0);
  });

  test("a server by its address hears the service's name, never the address, and one by name its own", async () => {
    const paths = await writeTestCertificates(await folder(), { echo: {}, gateway: {} });
    const [cert, key, ca] = await Promise.all(
      [paths("echo").certificateFile, paths("echo").keyFile, paths("echo").caFile].map((file) => readFile(file)),
    );
    const heard: unknown[] = [];
    const server = createTlsServer({ cert, key, ca, requestCert: true, ALPNProtocols: ["h2"] }, (socket) => {
      heard.push((socket as TLSSocket & { servername?: unknown }).servername);
      socket.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    for (const host of ["127.0.0.1", "localhost"]) {
      const calling = clientFor(`${host}:${port}`, paths("gateway")).unary(echoRequest(), { timeoutMs: 10_000 });
      await expect(calling).rejects.toMatchObject({ code: "UNAVAILABLE" });
    }
    expect([...new Set(heard)]).toEqual(["echo", "localhost"]);
  });

  test("a server that is not the service asked for is refused by the client", async () => {
    const paths = await writeTestCertificates(await folder(), { echo: { services: ["other"] }, gateway: {} });
    const { address, witness } = await startServer(paths("echo"));
    await expect(clientFor(address, paths("gateway")).unary(echoRequest())).rejects.toMatchObject({
      code: "UNAVAILABLE",
      detail: expect.stringContaining("does not name echo"),
    });
    expect(witness.contexts).toHaveLength(0);
  });

  test("of several names the one that is listed counts; a claim in metadata does not", async () => {
    expect(await outcome({ services: ["poi", "echo"] }, { services: ["poi", "market"] })).toBe("answered market");
    const paths = await writeTestCertificates(await folder(), { echo: {}, poi: {} });
    const { address } = await startServer(paths("echo"));
    const claim = clientFor(address, paths("poi")).unary(echoRequest(), { metadata: { "x-koinon-caller": "gateway" } });
    await expect(claim).rejects.toMatchObject({ code: "CALLER_REFUSED", facts: { caller: "poi" } });
  });

  test("names are read from whole URI entries only", () => {
    const names = (subjectaltname: string) => servicesOfCertificate({ subjectaltname });
    expect(names("DNS:x, URI:spiffe://koinon/market, URI:spiffe://koinon/poi")).toEqual(["market", "poi"]);
    for (const san of [
      "",
      "DNS:spiffe://koinon/market",
      "URI:spiffe://other/market",
      "URI:spiffe://koinon/",
      "URI:spiffe://koinon/Market",
      "URI:spiffe://koinon/market/x",
      "URI:http://x/?URI:spiffe://koinon/market",
      'URI:"http://x, URI:spiffe://koinon/market"',
    ]) {
      expect([san, names(san)]).toEqual([san, []]);
    }
  });
});

describe("rotation", () => {
  test("new connections show the new certificate while running calls go on", async () => {
    const place = await folder();
    const authority = await testAuthority();
    const paths = await writeTestCertificates(place, { echo: {}, gateway: {} }, authority);
    const { address } = await startServer(paths("echo"));
    const before = await shownSerial(address, paths("gateway"));
    const stream = clientFor(address, paths("gateway"))
      .download(echoRequest({ count: 100 }))
      [Symbol.asyncIterator]();
    expect((await stream.next()).done).toBe(false);
    await writeTestCertificates(place, { echo: {} }, authority);
    await waitFor(async () => (await shownSerial(address, paths("gateway"))) !== before);
    let rest = 0;
    while ((await stream.next()).done !== true) rest += 1;
    expect(rest).toBe(99);
  });

  test("a change of authority is taken up by both sides", async () => {
    const place = await folder();
    const paths = await writeTestCertificates(place, { echo: {}, gateway: {} });
    const { address } = await startServer(paths("echo"));
    expect((await clientFor(address, paths("gateway")).unary(echoRequest())).caller).toBe("gateway");
    const moving = clientFor(address, paths("gateway"));
    await writeTestCertificates(place, { echo: {}, gateway: {} }, await testAuthority());
    const answer = await waitFor(() => moving.unary(echoRequest(), { timeoutMs: 2_000 }));
    expect(answer.caller).toBe("gateway");
  });

  test("files that do not fit together are reported and the former ones stay in use", async () => {
    const place = await folder();
    const authority = await testAuthority();
    const paths = await writeTestCertificates(
      place,
      { echo: {}, gateway: {}, next: { services: ["echo"] } },
      authority,
    );
    const problems: CertificateError[] = [];
    const { address } = await startServer(paths("echo"), (error) => problems.push(error));
    const before = await shownSerial(address, paths("gateway"));
    await writeFile(paths("echo").certificateFile, await readFile(paths("next").certificateFile));
    await waitFor(() => problems.length > 0);
    expect(problems[0]).toMatchObject({ code: "CERTIFICATE_UNREADABLE" });
    expect(await shownSerial(address, paths("gateway"))).toBe(before);
    await rename(paths("next").keyFile, paths("echo").keyFile);
    await waitFor(async () => (await shownSerial(address, paths("gateway"))) !== before);
  });

  test("missing files at the start are named", async () => {
    const paths = await writeTestCertificates(await folder(), { echo: {} });
    expect(() => new CertificateFiles({ ...paths("echo"), keyFile: "/nowhere/echo.key" })).toThrow("/nowhere/echo.key");
  });
});
