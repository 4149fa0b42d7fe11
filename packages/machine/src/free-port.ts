import { createServer } from "node:net";

/** A TCP port of the loopback interface that was free a moment ago: the preferred one if it was. */
export async function freePort(preferred = 0): Promise<number> {
  try {
    return await openOnce(preferred);
  } catch (error) {
    if (preferred === 0 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return openOnce(0);
  }
}

async function openOnce(port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}
