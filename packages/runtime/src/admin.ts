import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the admin port tells. */
export interface AdminSources {
  /** Whether the process should get work, with the reasons when it should not. */
  readiness(): { readonly ready: boolean; readonly detail: unknown };
  metricsText(): Promise<string>;
}

/** A running admin server. */
export interface AdminServer {
  /** `host:port` with the port that was bound. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `/livez` (this event loop turns, nothing else is asked), `/readyz` and `/metrics` on an address of its own, so that
 * nothing of it is reachable where the public is served.
 */
export async function startAdminServer(address: string, sources: AdminSources): Promise<AdminServer> {
  const { host, port } = splitAddress(address);
  const server = createServer((request, response) => {
    void answer(request.url ?? "", response, sources);
  });
  await listen(server, port, host);
  const bound = server.address() as AddressInfo;
  return {
    address: `${host}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(url: string, response: ServerResponse, sources: AdminSources): Promise<void> {
  switch (url.split("?")[0]) {
    case "/livez":
      return send(response, 200, "text/plain", "ok\n");
    case "/readyz": {
      const { ready, detail } = sources.readiness();
      return send(
        response,
        ready ? 200 : 503,
        "application/json",
        `${JSON.stringify({ ready, ...asObject(detail) })}\n`,
      );
    }
    case "/metrics":
      try {
        return send(response, 200, "text/plain; version=0.0.4; charset=utf-8", await sources.metricsText());
      } catch (error) {
        return send(response, 500, "text/plain", `${error instanceof Error ? error.message : String(error)}\n`);
      }
    default:
      return send(response, 404, "text/plain", "not found\n");
  }
}

function asObject(detail: unknown): object {
  return typeof detail === "object" && detail !== null ? detail : {};
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { "content-type": contentType, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[(.*)\]$/, "$1"), port: Number(address.slice(colon + 1)) };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
