// The least that a gateway on this stack can be: fastify takes the body, undici posts it to the engine, the answer's bytes go back. No key, no money,
// no proof; what it costs, every gateway in Node costs.
import type { AddressInfo } from "node:net";
import Fastify from "fastify";
import { Pool } from "undici";

const engine = new URL(process.argv[2] as string);
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
  return Buffer.from(await body.arrayBuffer());
});
await app.listen({ port: 0, host: "127.0.0.1" });
const { port } = app.server.address() as AddressInfo;
process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
process.on("SIGTERM", () => process.exit(0));
