import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { isAllowedHost, isAllowedOrigin, type OriginPolicy } from "./origin-policy.ts";
import { type ConnectionDependencies, type ConnectionLimits, WebSocketConnection } from "./web-socket-connection.ts";

/** Bounds of the WebSocket side. */
export interface WebSocketLimits extends ConnectionLimits {
  readonly bodyBytesMax: number;
  readonly connectionsMax: number;
}

const goingAway = 1001;
/** Peers that are gone without a word are found by asking; load balancers drop what is idle for 60 s. */
const heartbeatMs = 30_000;

/** Takes over the upgrades of an HTTP server and serves JSON-RPC with subscriptions on them. */
export class WebSocketSide {
  readonly #server: WebSocketServer;
  readonly #connections = new Map<WebSocket, WebSocketConnection>();
  readonly #silent = new Set<WebSocket>();
  readonly #limits: WebSocketLimits;
  readonly #policy: OriginPolicy;
  readonly #heartbeat: NodeJS.Timeout;

  constructor(
    http: Server,
    { limits, policy }: { readonly limits: WebSocketLimits; readonly policy: OriginPolicy },
    dependencies: ConnectionDependencies,
  ) {
    this.#limits = limits;
    this.#policy = policy;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: limits.bodyBytesMax,
      perMessageDeflate: false,
      clientTracking: false,
    });
    http.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head, dependencies));
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
    this.#heartbeat.unref();
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Says goodbye to everybody and cuts off who does not answer at once. */
  close(): void {
    clearInterval(this.#heartbeat);
    for (const connection of this.#connections.values()) {
      connection.close(goingAway);
      connection.terminate();
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, dependencies: ConnectionDependencies): void {
    const { host, origin } = request.headers;
    // Browsers ask nobody before they open a WebSocket: the origin is the only protection.
    const isWelcome =
      isAllowedHost(host, this.#policy) && (origin === undefined || isAllowedOrigin(origin, this.#policy));
    if (!isWelcome || this.#connections.size >= this.#limits.connectionsMax) {
      refuse(socket, isWelcome ? "503 Service Unavailable" : "403 Forbidden");
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#connections.set(webSocket, new WebSocketConnection(webSocket, this.#limits, dependencies));
      webSocket.on("close", () => {
        this.#connections.delete(webSocket);
        this.#silent.delete(webSocket);
      });
      webSocket.on("pong", () => this.#silent.delete(webSocket));
    });
  }

  #beat(): void {
    for (const webSocket of this.#connections.keys()) {
      if (this.#silent.has(webSocket)) {
        webSocket.terminate();
        continue;
      }
      this.#silent.add(webSocket);
      webSocket.ping();
    }
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
