import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { writeRandomLlama } from "@koinon/compute/models/random-llama";
import { createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { startAllInOne } from "./network/all-in-one.ts";
import { chat, fetchBundle, openaiClient } from "./network/client.ts";
import { koinonOffline } from "./network/koinon-command.ts";

/** `npm start -- --model SOURCE`, with a small model of random weights: the plumbing counts, not what it says. */
describe("a model of one's own", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let file: string;

  beforeAll(async () => {
    folder = await temporaryFolder("koinon-own-model-");
    file = path.join(folder.path, "Random Babbler.gguf");
    await writeRandomLlama(file);
  });
  afterAll(async () => await folder?.remove(), 10_000);

  test("from file: answers under the file's name, and its answer is proved", async () => {
    const network = await startAllInOne(path.join(folder.path, "file"), ["--model", `file:${file}`]);
    try {
      expect((await openaiClient(network).models.list()).data.map(({ id }) => id)).toEqual(["random-babbler"]);
      const options = { extra: { model: "random-babbler", max_tokens: 8, temperature: 0 } };
      const { status, headers, responseBytes } = await chat(network, "hello", options);
      expect([status, responseBytes.toString("utf8")]).toEqual([200, expect.stringContaining('"completion_tokens":')]);
      const bundle = path.join(folder.path, "bundle.json");
      writeFileSync(bundle, await fetchBundle(network, headers["x-request-id"] as string, network.apiKey));
      const { code, stdout } = await koinonOffline(["verify", bundle, "--trust", network.trustFile]);
      expect({ code, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stdout: "" });
    } finally {
      await network.stop();
    }
  }, 120_000);

  test("from https: is fetched over checked TLS, once: the next start needs no server", async () => {
    const server = await serveOverTls(folder.path, readFileSync(file));
    const env = { NODE_EXTRA_CA_CERTS: server.caFile };
    const args = ["--model", `${server.url}/models/babbler-v1.gguf`];
    const dataDir = path.join(folder.path, "https");
    try {
      await expect(startAllInOne(path.join(folder.path, "distrustful"), args)).rejects.toThrow(
        "can not read the model https://",
      );
      const network = await startAllInOne(dataDir, args, env).finally(() => server.stop());
      try {
        await network.restart();
        const options = { extra: { model: "babbler-v1", max_tokens: 4 } };
        expect((await chat(network, "hello", options)).status).toBe(200);
      } finally {
        await network.stop();
      }
      expect(server.requests()).toBe(1);
    } finally {
      await server.stop();
    }
  }, 120_000);
});

/** A file behind a certificate of an authority of this test. */
async function serveOverTls(folder: string, content: Buffer) {
  const validity = { notBefore: systemClock.now() - 60_000, notAfter: systemClock.now() + 3_600_000 };
  const authority = await createAuthority({ name: "authority of a test", ...validity }, systemRandom);
  const names = { services: ["files"], hosts: ["127.0.0.1"] };
  const { certificatePem, keyPem } = await issueCertificate(authority, { ...validity, ...names }, systemRandom);
  const caFile = path.join(folder, "files-ca.crt");
  writeFileSync(caFile, authority.certificatePem);
  let requests = 0;
  const server = createServer({ key: keyPem, cert: certificatePem }, (_request, response) => {
    requests += 1;
    response.writeHead(200, { "content-length": content.length }).end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caFile,
    requests: () => requests,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
