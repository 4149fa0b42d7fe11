import { execFile } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { clusterFile } from "./home.ts";
import { charts, list, namespace, runningImage } from "./kubernetes.ts";

const run = promisify(execFile);
const version = "0.2.0";
/** Default of the charts that the next version changes, and with it every ConfigMap. */
const changed = { from: '"RPC_CONNECTION_AGE_MS" 10000', to: '"RPC_CONNECTION_AGE_MS" 12000' };
const imageOf = { gateway: "gateway", market: "compute", poi: "poi", provider: "compute" };

/** A next version of the charts and of the images, as an operator gets it. */
export interface NextRelease {
  /** Folder of the umbrella chart. */
  readonly chart: string;
  /** `--set` for helm: the tags of its images. */
  readonly values: readonly string[];
  remove(): void;
}

/** Makes it of this one: every chart bears another version, a default is another, and images have other tags on every node. */
export async function makeNextRelease(): Promise<NextRelease> {
  const folder = mkdtempSync(path.join(tmpdir(), "koinon-next-release-"));
  const chart = path.join(folder, "koinon");
  cpSync(charts, chart, { recursive: true, dereference: true });
  for (const name of globSync("**/Chart.yaml", { cwd: chart })) {
    // The library's version is for charts that contain it only.
    const isUmbrella = name === "Chart.yaml";
    if (name.includes("koinon-lib")) continue;
    edit(path.join(chart, name), isUmbrella ? /^( *version): .*$/gm : /^(version): .*$/m, `$1: ${version}`);
  }
  for (const name of globSync("**/koinon-lib/templates/_config.tpl", { cwd: chart })) {
    edit(path.join(chart, name), changed.from, changed.to);
  }
  const values: string[] = [];
  for (const [service, image] of Object.entries(imageOf)) {
    const tag = await runningImage(service);
    await retag(`docker.io/koinon/${image}:${tag}`, `docker.io/koinon/${image}:${version}`);
    values.push("--set", `${service}.image.tag=${version}`);
  }
  return { chart, values, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function edit(file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(file, "utf8");
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`${file} has nothing to change`);
  writeFileSync(file, edited);
}

async function retag(image: string, other: string): Promise<void> {
  for (const { metadata } of await list<{ metadata: { name: string } }>("nodes", namespace)) {
    const socket = clusterFile("run", metadata.name, "containerd.sock");
    await run("ctr", ["-a", socket, "-n", "k8s.io", "images", "tag", "--force", image, other]);
  }
}
