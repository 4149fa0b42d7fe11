import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Bus } from "@koinon/bus/bus";
import { createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import { type NatsServer, startNats } from "@koinon/testkit/nats-server";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { createNoopMeter, trace } from "@opentelemetry/api";
import { systemClock } from "../src/clock.ts";
import { createBus } from "../src/event-bus.ts";
import { planHost } from "../src/host.ts";
import { natsAccessOf } from "../src/nats-settings.ts";
import { systemRandom } from "../src/random.ts";
import { silentLog } from "./host-fixture.ts";
import { createNatsOperator, createNatsUser } from "./nats-identities.ts";

const hourMs = 3_600_000;

describeWithProgram("nats-server", "settings for NATS", () => {
  const cleanups: (() => unknown)[] = [];
  let folder: string;
  const file = (name: string) => path.join(folder, name);
  beforeEach(async () => {
    const made = await temporaryFolder();
    folder = made.path;
    cleanups.push(() => made.remove());
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function server(configuration: string): Promise<NatsServer> {
    const started = await startNats({ configuration });
    cleanups.push(() => started.stop());
    return started;
  }

  /** A bus of a process with this environment; `reasons` are those for which it is waited for. */
  function connect(env: Record<string, string>, reasons: string[] = []): Promise<Bus> {
    const { config } = planHost([], { env, readFile: () => credentials });
    const ending = new AbortController();
    cleanups.push(() => ending.abort());
    const bus = createBus(
      { servers: config.natsUrl, name: "test", access: natsAccessOf(config) },
      {
        ...{ clock: systemClock, log: silentLog, meter: createNoopMeter(), tracer: trace.getTracer("test") },
        signal: ending.signal,
        waiting: (reason) => reasons.push(String(reason)),
      },
    );
    bus.then(
      (connected) => cleanups.push(() => connected.close()),
      () => undefined,
    );
    return bus;
  }
  let credentials = "";

  const event = { subject: "koinon.shop.v1.sold", id: "1", payload: Buffer.from("one") };

  /** The certificate of the server, and the one of a client, from an authority of their own. */
  async function certificates(): Promise<void> {
    const validity = { notBefore: systemClock.now() - hourMs, notAfter: systemClock.now() + hourMs };
    const authority = await createAuthority({ name: "nats", ...validity }, systemRandom);
    await writeFile(file("ca.crt"), authority.certificatePem);
    for (const name of ["server", "client"]) {
      const options = { services: [name], hosts: ["localhost"], ...validity };
      const issued = await issueCertificate(authority, options, systemRandom);
      await writeFile(file(`${name}.key`), issued.keyPem);
      await writeFile(file(`${name}.crt`), issued.certificatePem);
    }
  }

  const tls = (more: string) =>
    `tls { cert_file: "${file("server.crt")}", key_file: "${file("server.key")}", ca_file: "${file("ca.crt")}", ${more} }`;
  const atLocalhost = ({ url }: NatsServer) => url.replace("127.0.0.1", "localhost");

  test("a credentials file, and no other", async () => {
    const { configuration, credentials: ours } = createNatsOperator();
    const nats = await server(configuration);
    credentials = ours;
    const bus = await connect({ NATS_URL: nats.url, NATS_CREDS_FILE: "/some.creds" });
    await bus.publish(event);
    const reasons: string[] = [];
    void connect({ NATS_URL: nats.url, NATS_CREDS: createNatsOperator().credentials }, reasons);
    await waitFor(() => reasons.length > 0);
    expect(reasons).toEqual([expect.stringMatching(/authorization violation/i)]);
  });

  test("a user's seed, and no other", async () => {
    const { configuration, seed } = createNatsUser();
    const nats = await server(configuration);
    await (await connect({ NATS_URL: nats.url, NATS_CREDS: `${seed}\n` })).publish(event);
    const reasons: string[] = [];
    void connect({ NATS_URL: nats.url, NATS_CREDS: createNatsUser().seed }, reasons);
    await waitFor(() => reasons.length > 0);
    expect(reasons).toEqual([expect.stringMatching(/authorization violation/i)]);
  });

  test("TLS under an authority of one's own, which says what it misses without", async () => {
    await certificates();
    const nats = await server(tls(""));
    await (await connect({ NATS_URL: atLocalhost(nats), NATS_TLS_CA_FILE: file("ca.crt") })).publish(event);
    const reasons: string[] = [];
    void connect({ NATS_URL: atLocalhost(nats).replace("nats:", "tls:") }, reasons);
    await waitFor(() => reasons.length > 0);
    expect(reasons).toEqual([expect.stringMatching(/certificate/)]);
  });

  test("a server without TLS is refused where TLS is asked for", async () => {
    await certificates();
    const nats = await server("");
    const reasons: string[] = [];
    void connect({ NATS_URL: nats.url, NATS_TLS_CA_FILE: file("ca.crt") }, reasons);
    await waitFor(() => reasons.length > 0);
    expect(reasons).toEqual([expect.stringMatching(/tls.*not (available|support)|does not support 'tls'/i)]);
  });

  test("a client's certificate, read anew for each connection", async () => {
    await certificates();
    const nats = await server(tls("verify: true"));
    const env = {
      NATS_URL: atLocalhost(nats),
      NATS_TLS_CA_FILE: file("ca.crt"),
      NATS_TLS_CERTIFICATE_FILE: file("own.crt"),
      NATS_TLS_KEY_FILE: file("own.key"),
    };
    const reasons: string[] = [];
    const connecting = connect(env, reasons);
    await waitFor(() => reasons.length > 0);
    expect(reasons[0]).toMatch(/own\.crt doesn't exist/);
    for (const kind of ["key", "crt"]) await writeFile(file(`own.${kind}`), await readFile(file(`client.${kind}`)));
    await (await connecting).publish(event);
    const stranger: string[] = [];
    const { NATS_TLS_CERTIFICATE_FILE: _, NATS_TLS_KEY_FILE: __, ...anonymous } = env;
    void connect(anonymous, stranger);
    await waitFor(() => stranger.length > 0, { deadlineMs: 10_000 });
    // The server hangs up without a word that the client would pass on.
    expect(stranger).toEqual([expect.stringMatching(/timeout|certificate/i)]);
  });
});
