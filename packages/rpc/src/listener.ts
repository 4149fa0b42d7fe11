import { once } from "node:events";
import { chmod, unlink } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Accepts connections on one address and keeps hold of them, so that all of them can be ended. */
export class Listener {
  /** The address with the port that was bound. */
  readonly address: string;
  private readonly server: Server;
  private readonly sockets: ReadonlySet<Socket>;

  private constructor(address: string, server: Server, sockets: ReadonlySet<Socket>) {
    this.address = address;
    this.server = server;
    this.sockets = sockets;
  }

  /**
   * Listens on `host:port` or `unix:/path`. A socket file that nobody listens on any more is replaced; the new one is for its
   * owner alone (mode 0600).
   */
  static async open(address: string, onConnection: (socket: Socket) => void): Promise<Listener> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      onConnection(socket);
    });
    if (!address.startsWith("unix:")) {
      const colon = address.lastIndexOf(":");
      const host = address.slice(0, colon);
      await listening(server, { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(colon + 1)) });
      return new Listener(`${host}:${(server.address() as AddressInfo).port}`, server, sockets);
    }
    const path = address.slice("unix:".length);
    try {
      await listening(server, { path });
    } catch (error) {
      if (!hasCode(error, "EADDRINUSE") || (await isAlive(path))) throw error;
      await unlink(path);
      await listening(server, { path });
    }
    await chmod(path, 0o600);
    return new Listener(address, server, sockets);
  }

  /** Accepts no more. */
  close(): void {
    this.server.close();
  }

  /** Resolves when no connection is left; to be asked after `close`. */
  async disconnected(): Promise<void> {
    while (this.sockets.size > 0) {
      const [socket] = this.sockets;
      if (socket !== undefined) await new Promise((resolve) => socket.once("close", resolve));
    }
  }

  /** Ends every connection where it stands. */
  destroyConnections(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

async function listening(server: Server, options: { path: string } | { host: string; port: number }): Promise<void> {
  server.listen(options);
  await once(server, "listening");
}

async function isAlive(path: string): Promise<boolean> {
  const socket = connect({ path });
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    return !hasCode(error, "ECONNREFUSED");
  } finally {
    socket.destroy();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
