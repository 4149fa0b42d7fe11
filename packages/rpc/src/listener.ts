import { once } from "node:events";
import { chmod, lstat, unlink } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { CertificateSource, Identity } from "./certificate-files.ts";

/** Accepts connections on one address and keeps hold of them, so that all of them can be ended. */
export class Listener {
  /** The address with the port that was bound. */
  readonly address: string;
  private readonly server: Server;
  private readonly sockets: ReadonlySet<Socket>;
  private readonly release: () => void;

  private constructor(address: string, parts: { server: Server; sockets: ReadonlySet<Socket>; release(): void }) {
    this.address = address;
    this.server = parts.server;
    this.sockets = parts.sockets;
    this.release = parts.release;
  }

  /**
   * Listens on `host:port` or `unix:/path`, with mutual TLS when there are certificates. A socket file that nobody listens on any
   * more is replaced; the new one is for its owner alone (mode 0600).
   */
  static async open(
    address: string,
    options: { readonly certificates: CertificateSource | undefined; onConnection(socket: Socket): void },
  ): Promise<Listener> {
    const { certificates, onConnection } = options;
    const sockets = new Set<Socket>();
    const { server, release } =
      certificates === undefined ? plaintextServer(onConnection) : mutualTlsServer(certificates, onConnection);
    server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    const parts = { server, sockets, release };
    if (!address.startsWith("unix:")) {
      const colon = address.lastIndexOf(":");
      const host = address.slice(0, colon);
      await listening(server, { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(colon + 1)) });
      return new Listener(`${host}:${(server.address() as AddressInfo).port}`, parts);
    }
    const path = address.slice("unix:".length);
    try {
      await listening(server, { path });
    } catch (error) {
      if (!hasCode(error, "EADDRINUSE") || !(await isAbandoned(path))) throw error;
      await unlink(path);
      await listening(server, { path });
    }
    await chmod(path, 0o600);
    return new Listener(address, parts);
  }

  /** Accepts no more. */
  close(): void {
    this.release();
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

// What a peer may take for its handshake.
const handshakeTimeoutMs = 10_000;

function plaintextServer(onConnection: (socket: Socket) => void): { server: Server; release(): void } {
  return { server: createServer({ noDelay: true }, onConnection), release: () => {} };
}

/** Peers without a valid certificate of the authority do not get past the handshake. */
function mutualTlsServer(
  certificates: CertificateSource,
  onConnection: (socket: TLSSocket) => void,
): { server: Server; release(): void } {
  const server = createTlsServer({
    ...contextOf(certificates.current),
    noDelay: true,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.3",
    ALPNProtocols: ["h2"],
    handshakeTimeout: handshakeTimeoutMs,
  });
  server.on("secureConnection", (socket) => {
    socket.on("error", () => socket.destroy());
    // Asked for at every call; parsing it anew takes longer than the rest of a small call.
    const certificate = socket.getPeerCertificate(true);
    socket.getPeerCertificate = () => certificate;
    onConnection(socket);
  });
  const release = certificates.subscribe((identity) =>
    server.setSecureContext({ ...contextOf(identity), minVersion: "TLSv1.3" }),
  );
  return { server, release };
}

function contextOf({ certificate, privateKey, caCertificate }: Identity) {
  return { cert: certificate, key: privateKey, ca: caCertificate };
}

async function listening(server: Server, options: { path: string } | { host: string; port: number }): Promise<void> {
  server.listen(options);
  await once(server, "listening");
}

/** True for a socket file that nobody listens on. */
async function isAbandoned(path: string): Promise<boolean> {
  if (!(await lstat(path)).isSocket()) return false;
  const socket = connect({ path });
  try {
    await once(socket, "connect");
    return false;
  } catch (error) {
    return hasCode(error, "ECONNREFUSED");
  } finally {
    socket.destroy();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}
