// npm run cluster -- up [--nodes N] [--install-packages] | install [--values F]... [--release R] [--namespace N] | test [PATTERN] | figures | restart | nightly | stop | down | exec CMD...
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { build, root, say } from "../../tools/workspace/toolchain.mjs";
import { fittingTests, installedReleases } from "./fitting-tests.mjs";
import { cluster, clusterScript, execute, here } from "./inside.mjs";
import { install } from "./install.mjs";
import { nightly } from "./nightly.mjs";

const [command, ...args] = process.argv.slice(2);

const commands = {
  up() {
    const options = {
      nodes: { type: "string", default: "1" },
      "install-packages": { type: "boolean", default: false },
    };
    const { values } = parseArgs({ args, options });
    const packages = values["install-packages"] || process.env.CI !== undefined ? ["--install-packages"] : [];
    execute("bash", [path.join(here, "needs.sh"), ...packages]);
    execute(clusterScript, ["up", values.nodes]);
  },
  install() {
    installRelease(args);
  },
  // Without a pattern: what fits the release, with providers before the engine that says what it is asked to say.
  test() {
    if (args.length > 0) return runTests(args);
    const edge = [
      "--values",
      path.join(root, "helm/profiles/edge-provider.yaml"),
      "--release",
      "edge",
      "--namespace",
      "edge",
    ];
    if (!installedReleases().includes("edge")) installRelease(edge);
    runTests(fittingTests());
  },
  figures() {
    build(["--filter=@koinon/cluster-test^..."]);
    cluster([process.execPath, "--no-warnings", path.join(root, "test/cluster/figures.ts")], { stdio: "inherit" });
  },
  restart() {
    build(["--filter=@koinon/cluster-test^..."]);
    const folder = mkdtempSync(path.join(tmpdir(), "koinon-restart-"));
    const step = (name) =>
      cluster([process.execPath, "--no-warnings", path.join(root, "test/cluster/restart.ts"), name, folder]);
    try {
      step("remember");
      execute(clusterScript, ["stop"]);
      execute(clusterScript, ["up"]);
      step("compare");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  nightly,
  stop: () => execute(clusterScript, ["stop"]),
  down: () => execute(clusterScript, ["down"]),
  exec: () => cluster(args, { stdio: "inherit" }),
};

function installRelease(options) {
  build(["gateway", "compute", "poi", "chain", "node", "cli"].map((name) => `--filter=@koinon/${name}...`));
  build(["--filter=./services/gateway/terminal..."]);
  install(options);
}

function runTests(patterns) {
  build(["--filter=@koinon/cluster-test^..."]);
  const jest = ["--experimental-vm-modules", "--no-warnings", path.join(root, "node_modules/jest/bin/jest.js")];
  const folder = path.join(root, "test/cluster");
  const config = ["--config", path.join(root, "jest.preset.mjs"), "--rootDir", folder, "--runInBand"];
  cluster([process.execPath, ...jest, ...config, ...patterns], { stdio: "inherit", cwd: folder });
}

try {
  if (commands[command] === undefined) throw new Error(`npm run cluster -- ${Object.keys(commands).join(" | ")}`);
  commands[command]();
} catch (error) {
  say(`cluster: ${error.message}`);
  process.exitCode = 1;
}
