import { createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { freePort, freePorts, isPortFree } from "./free-port.ts";

test("the preferred port is taken when it is free, and another one when it is not", async () => {
  const port = await freePort();
  expect(await freePort(port)).toBe(port);
  expect(await isPortFree(port)).toBe(true);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  expect(await isPortFree(port)).toBe(false);
  const other = await freePort(port);
  expect(other).not.toBe(port);
  expect(other).toBeGreaterThan(0);
  await new Promise((resolve) => server.close(resolve));
});

test("several are different ones, all of them free", async () => {
  const ports = await freePorts(500);
  expect(new Set(ports).size).toBe(500);
  expect(await freePort(ports[0])).toBe(ports[0]);
});
