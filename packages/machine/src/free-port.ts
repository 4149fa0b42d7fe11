import { createServer, type Server } from "node:net";

/** A TCP port of the loopback interface that was free a moment ago: the preferred one if it was. */
export async function freePort(preferred = 0): Promise<number> {
  return preferred !== 0 && (await isPortFree(preferred)) ? preferred : openOnce(0);
}

/** Whether nobody listens at this port of the loopback interface. Throws what else keeps one from listening there, such as EACCES. */
export async function isPortFree(port: number): Promise<boolean> {
  try {
    await openOnce(port);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return false;
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
