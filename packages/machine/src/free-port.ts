import { createServer, type Server } from "node:net";

/** A TCP port of the loopback interface that was free a moment ago: the preferred one if it was. */
export async function freePort(preferred = 0): Promise<number> {
  try {
    return await openOnce(preferred);
  } catch (error) {
    if (preferred === 0 || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return openOnce(0);
  }
}

/** As many different ones; one asked for after the other was let go of might be the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => open(0)));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(close));
  return ports;
}

async function openOnce(port: number): Promise<number> {
  const server = await open(port);
  const opened = portOf(server);
  await close(server);
  return opened;
}

async function open(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP address");
  return address.port;
}

async function close(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
}
