import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { ContributionAudit } from "@koinon/contributions/audit";
import {
  SampleProvider,
  type SampleWork,
  sampleDomain,
  sampleLog,
  sampleSecret,
} from "@koinon/contributions/sample-work";
import { portableTreeHasher } from "@koinon/merkle/tree-hasher";
import { noAnchoring, type Trust, trustToJson } from "@koinon/receipts/trust";
import { signCheckpoint } from "@koinon/tlog/checkpoint";
import { encodeEntryBundle } from "@koinon/tlog/entry-bundle";
import { createSignerKey, formatVerifierKey } from "@koinon/tlog/note-key";
import { TILE_WIDTH, tilesOfGrowth } from "@koinon/tlog/tile";
import { EMPTY_EDGE, growTree } from "@koinon/tlog/tile-growth";
import { formatTilePath } from "@koinon/tlog/tile-path";
import { summaryOf } from "../src/audit/published-view.ts";

/** One request as the gateway saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

/** An answer: a status and a body. */
export type Answer = readonly [status: number, body: string | Uint8Array | object];

/** A gateway with a real log of really signed work behind it, on the loopback interface. */
export interface SampleNetwork {
  readonly url: string;
  readonly folder: string;
  readonly trust: Trust;
  readonly seen: Seen[];
  /** Overrides what a route answers: "GET /v1/budget". */
  readonly routes: Map<string, Answer | ((seen: Seen) => Answer)>;
  /** The files below /log/. */
  readonly files: Map<string, Uint8Array>;
  /** Publishes these entries as the whole log. */
  publish(entries: readonly Uint8Array[]): void;
  close(): Promise<void>;
}

export const origin = "sample.example/log";
export const logKey = createSignerKey("sample.example/log", "ed25519", sampleSecret("log key"));
export const adminKey = "sk-koinon-administrator";

/** Work of two providers: `count` receipts, alternating. */
export function sampleEntries(count: number, seed = ""): Uint8Array[] {
  const providers = [new SampleProvider("a"), new SampleProvider("b")];
  const works = Array.from({ length: count }, (_, index): SampleWork => {
    const provider = providers[index % 2] as SampleProvider;
    return seed === "" ? provider.serve() : provider.serve(0, { outputUnits: 0n, fee: 5n + BigInt(seed.length) });
  });
  return sampleLog(works);
}

/** The files of a log of these entries, as a gateway serves them below /log/. */
export function logFiles(entries: readonly Uint8Array[]): Map<string, Uint8Array> {
  const size = BigInt(entries.length);
  const grown = growTree(
    EMPTY_EDGE,
    entries.map((entry) => portableTreeHasher.leaf(entry)),
  );
  const files = new Map(grown.tiles.map(({ id, content }) => [formatTilePath(id), content]));
  for (const id of tilesOfGrowth(0n, size)) {
    if (id.level !== "entries") continue;
    const start = Number(id.index) * TILE_WIDTH;
    files.set(formatTilePath(id), encodeEntryBundle(entries.slice(start, start + id.width)));
  }
  const note = signCheckpoint({ origin, size, root: grown.root, extensions: [] }, logKey);
  return files.set("checkpoint", new TextEncoder().encode(note));
}

/** The contribution view of these entries, as /v1/contributions answers it. */
export function publishedView(entries: readonly Uint8Array[]): object {
  const audit = new ContributionAudit({ domain: sampleDomain });
  for (const entry of entries) audit.add(entry);
  const data = audit
    .contributions()
    .map((contribution) => ({ ...summaryOf(contribution), provider_name: "A", model: "m" }));
  return { tree_size: entries.length, data, next_page_token: "" };
}

/** Starts the network and a data folder that names it. */
export async function startSampleNetwork(): Promise<SampleNetwork> {
  const seen: Seen[] = [];
  const routes: SampleNetwork["routes"] = new Map();
  const files: SampleNetwork["files"] = new Map();
  const server = createServer((request, response) => void answer(request, response, { seen, routes, files }));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(path.join(tmpdir(), "koinon-cli-"));
  const trust: Trust = {
    chainId: sampleDomain.chainId,
    verifyingContract: sampleDomain.verifyingContract,
    logs: [{ origin, vkey: formatVerifierKey(logKey) }],
    witnesses: { vkeys: [], threshold: 0 },
    providers: [{ root: new SampleProvider("a").quote.document.provider, name: "Provider A" }],
    anchoring: noAnchoring,
  };
  writeFileSync(path.join(folder, "trust.json"), JSON.stringify(trustToJson(trust), null, 2));
  writeFileSync(path.join(folder, "network.json"), JSON.stringify({ url, adminKey, pid: 1 }), { mode: 0o600 });
  return {
    url,
    folder,
    trust,
    seen,
    routes,
    files,
    publish(entries) {
      files.clear();
      for (const [file, content] of logFiles(entries)) files.set(file, content);
    },
    close: () =>
      new Promise((resolve) => {
        rmSync(folder, { recursive: true });
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { seen, routes, files }: Pick<SampleNetwork, "seen" | "routes" | "files">,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const entry: Seen = {
    method: request.method ?? "",
    path: request.url ?? "",
    authorization: request.headers.authorization,
    body: Buffer.concat(chunks).toString(),
  };
  seen.push(entry);
  const route =
    routes.get(`${entry.method} ${entry.path}`) ?? routes.get(`${entry.method} ${entry.path.split("?")[0]}`);
  const file = entry.method === "GET" ? files.get(entry.path.replace(/^\/log\//, "")) : undefined;
  const notFound: Answer = [404, { error: { code: "ROUTE_NOT_FOUND", message: `There is no ${entry.path}.` } }];
  const [status, body] =
    (typeof route === "function" ? route(entry) : route) ?? (file === undefined ? notFound : [200, file]);
  response.writeHead(status);
  response.end(typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body));
}
