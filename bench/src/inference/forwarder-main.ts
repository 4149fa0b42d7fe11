// The least that a gateway on this stack can be: fastify takes the body, undici posts it to the engine, the answer's bytes go back. No key, no money,
// no proof; what it costs, every gateway in Node costs. With --sign the answer is hashed and signed as its provider would, and the signature checked as
// whoever pays would, nothing more: what that costs, every answer with a receipt costs.
import { hash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createSigner, recoverAddress } from "@koinon/secp256k1/ecdsa";
import Fastify from "fastify";
import { Pool } from "undici";

const [engineUrl, option] = process.argv.slice(2);
const engine = new URL(engineUrl as string);
const signer = option === "--sign" ? createSigner(new Uint8Array(32).fill(7)) : undefined;
const pool = new Pool(engine.origin, { connections: 256, pipelining: 1 });
const app = Fastify({ logger: false });
app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.post("/v1/chat/completions", async (request, reply) => {
  const { statusCode, headers, body } = await pool.request({
    method: "POST",
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json" },
    body: request.body as Buffer,
  });
  reply.code(statusCode).header("content-type", headers["content-type"]);
  const answer = Buffer.from(await body.arrayBuffer());
  if (signer !== undefined) {
    const digest = hash("sha256", answer, "buffer");
    if (recoverAddress(digest, signer.sign(digest)) !== signer.address) throw new Error("a signature did not hold");
  }
  return answer;
});
await app.listen({ port: 0, host: "127.0.0.1" });
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
process.on("SIGTERM", () => process.exit(0));
