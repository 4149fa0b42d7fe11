import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { parse } from "yaml";
import { makeSecrets } from "./local-network.ts";
import { planOf } from "./plans.ts";
import { definitions } from "./services.ts";

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly args: { readonly SERVICE: string } };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly read_only?: boolean;
}

const repository = fileURLToPath(new URL("../..", import.meta.url));
const compose = parse(readFileSync(path.join(repository, "deploy/docker-compose.yaml"), "utf8"), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const modules = Object.keys(definitions) as (keyof typeof definitions)[];

let secrets: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  secrets = await temporaryFolder();
  await makeSecrets(secrets.path);
});

afterAll(async () => {
  await secrets?.remove();
});

describe("the development compose file", () => {
  const local = (file: string) => file.replace(/^\/secrets/, secrets.path);

  test.each(modules)("%s gets what it needs, nothing unknown, and files that are made", (module) => {
    const { environment = {}, read_only } = compose.services[module] as ComposeService;
    const readFile = (file: string) => readFileSync(local(file), "utf8");
    expect([read_only, planOf(module, environment, readFile).unknown]).toEqual([true, []]);
    const files = Object.values(environment).filter((value) => value.startsWith("/secrets/"));
    expect(files.filter((file) => !existsSync(local(file)))).toEqual([]);
  });

  test("services, volumes and addresses that are named exist", () => {
    const names = new Set(Object.keys(compose.services));
    for (const [name, { depends_on = {}, volumes = [], environment = {} }] of Object.entries(compose.services)) {
      expect([name, Object.keys(depends_on).filter((other) => !names.has(other))]).toEqual([name, []]);
      const mounted = volumes.map((volume) => volume.split(":")[0] as string).filter((source) => /^\w/.test(source));
      expect([name, mounted.filter((source) => !(source in compose.volumes))]).toEqual([name, []]);
      const hosts = Object.values(environment).flatMap(
        (value) => /^(?:\w+:\/\/(?:.*@)?)?([a-z]+):\d+/.exec(value)?.[1] ?? [],
      );
      expect([name, hosts.filter((host) => !names.has(host))]).toEqual([name, []]);
    }
  });

  test("images are the repository's services, and ports are this machine's alone", () => {
    for (const [name, { image, build, ports = [] }] of Object.entries(compose.services)) {
      expect([name, ports.filter((port) => !port.startsWith("127.0.0.1:"))]).toEqual([name, []]);
      if (build === undefined) continue;
      expect([name, image]).toEqual([name, `koinon/${build.args.SERVICE}:dev`]);
      expect(existsSync(path.join(repository, "services", build.args.SERVICE, "src/main.ts"))).toBe(true);
    }
  });
});
