import { writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createAuthority, issueCertificate } from "@koinon/rpc/certificates";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { startNats } from "@koinon/testkit/nats-server";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { systemClock } from "../src/clock.ts";
import { systemRandom } from "../src/random.ts";

const children: Child[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill();
});

async function start(behaviour: string, env: Record<string, string> = {}, ready?: RegExp): Promise<Child> {
  const script = fileURLToPath(new URL("process-fixture.ts", import.meta.url));
  const child = await startChild({
    command: process.execPath,
    args: ["--no-warnings", script, behaviour],
    env,
    ...(ready === undefined ? {} : { ready }),
  });
  children.push(child);
  return child;
}

/** The log lines, which are JSON; other output is left out. */
function logLines(child: Child): string[] {
  return child.lines.filter((line) => line.startsWith("{"));
}

function logged(child: Child): { msg: string; level: string; phase?: string }[] {
  return logLines(child).map((line) => JSON.parse(line));
}

describeWithProgram("nats-server", "a process and a NATS server that knows its users", () => {
  test("is ready with the password from a file, and not with another", async () => {
    const nats = await startNats({ user: "koinon", password: "correct horse" });
    const folder = await temporaryFolder();
    try {
      const file = path.join(folder.path, "password");
      await writeFile(file, "correct horse\n");
      const env = { NATS_URL: nats.url, NATS_USER: "koinon", ADMIN_LISTEN: "127.0.0.1:0" };
      await start("", { ...env, NATS_PASSWORD_FILE: file }, /^ready/);
      const stranger = await start("", { ...env, NATS_PASSWORD: "battery staple" });
      await nats.child().waitForLine(/authentication error/);
      expect(stranger.lines.some((line) => line.startsWith("ready"))).toBe(false);
      expect(stranger.lines.join("\n")).not.toContain("battery");
      await stranger.stop();
    } finally {
      for (const child of children.splice(0)) await child.stop();
      await nats.stop();
      await folder.remove();
    }
  });
});

describe("a process", () => {
  test("serves its admin port and ends in phases when asked to", async () => {
    const child = await start("", { ADMIN_LISTEN: "127.0.0.1:0" }, /^ready (\S+)/);
    const base = `http://${child.ready?.[1]}`;
    const get = async (path: string) => {
      const response = await fetch(base + path);
      return { status: response.status, text: await response.text() };
    };
    expect(await get("/livez")).toEqual({ status: 200, text: "ok\n" });
    const ready = await get("/readyz");
    expect(ready.status).toBe(200);
    expect(JSON.parse(ready.text)).toEqual({
      ready: true,
      modules: { greeter: { status: "serving", parts: [{ name: "mood", ok: true }] } },
    });
    expect((await get("/metrics")).text).toMatch(/^greetings_total 3$/m);
    expect((await get("/secrets")).status).toBe(404);
    await child.stop("SIGTERM");
    expect(await child.exited).toEqual({ code: 0, signal: null });
    const phases = logged(child).flatMap(({ phase }) => (phase === undefined ? [] : [phase]));
    expect(phases).toEqual([
      "not ready",
      "wait",
      "stop pulling",
      "drain calls",
      "stop modules",
      "close connections",
      "close bus",
      "flush telemetry",
      "close admin",
    ]);
  });

  test("asked to end while it waits for the bus, it does, and is alive until then", async () => {
    const child = await start("", { NATS_URL: "nats://127.0.0.1:1", ADMIN_LISTEN: "127.0.0.1:0" });
    const [, address] = await child.waitForLine(/"address":"([^"]+)".*admin port open/);
    expect((await fetch(`http://${address}/livez`)).status).toBe(200);
    const readyz = await fetch(`http://${address}/readyz`);
    expect([readyz.status, await readyz.json()]).toMatchObject([503, { ready: false, waitingFor: "the event bus" }]);
    await child.waitForLine(/ECONNREFUSED.*event bus can not be reached/i);
    await child.stop("SIGTERM");
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test("waits, alive and not ready, for a certificate that names it, and says so", async () => {
    const { path: folder, remove } = await temporaryFolder();
    try {
      const file = (name: string) => path.join(folder, name);
      const validity = { notBefore: systemClock.now() - 60_000, notAfter: systemClock.now() + 60_000 };
      const authority = await createAuthority({ name: "test", ...validity }, systemRandom);
      const issue = async (service: string) => {
        const issued = await issueCertificate(authority, { services: [service], ...validity }, systemRandom);
        await writeFile(file("tls.key"), issued.keyPem);
        await writeFile(file("tls.crt"), issued.certificatePem);
      };
      await writeFile(file("ca.crt"), authority.certificatePem);
      await issue("visitor");
      const child = await start("", {
        ...{ TLS_CERTIFICATE_FILE: file("tls.crt"), TLS_KEY_FILE: file("tls.key"), TLS_CA_FILE: file("ca.crt") },
        ADMIN_LISTEN: "127.0.0.1:0",
      });
      const [, address] = await child.waitForLine(/"address":"([^"]+)".*admin port open/);
      await child.waitForLine(/certificate files can not be used; waiting for others/);
      expect((await fetch(`http://${address}/livez`)).status).toBe(200);
      const waiting = await fetch(`http://${address}/readyz`);
      const reason = expect.stringContaining("expected=greeter, named=visitor");
      expect([waiting.status, await waiting.json()]).toEqual([
        503,
        { ready: false, waitingFor: "certificates", reason },
      ]);
      await issue("greeter");
      await child.waitForLine(/^ready/);
      const ready = await fetch(`http://${address}/readyz`);
      expect([ready.status, await ready.json()]).toMatchObject([200, { ready: true, certificates: { ok: true } }]);
      const metrics = await (await fetch(`http://${address}/metrics`)).text();
      expect(metrics).toMatch(
        new RegExp(`^certificate_not_after_seconds.* ${Math.floor(validity.notAfter / 1000)}$`, "m"),
      );
      await issue("visitor");
      await child.waitForLine(/the former ones stay in use/);
      const detail = expect.stringContaining("the former certificate is still in use: CERTIFICATE_NAMES_OTHERS");
      const rotated = await fetch(`http://${address}/readyz`);
      expect([rotated.status, await rotated.json()]).toMatchObject([200, { certificates: { ok: false, detail } }]);
    } finally {
      await remove();
    }
  });

  test("settings that only make sense together end it, with what is missing", async () => {
    const child = await start("", {
      ...{ NATS_USER: "koinon", NATS_CREDS: "SU", NATS_TLS_KEY_FILE: "/nats.key" },
      ...{ TLS_KEY_FILE: "/tls.key", TLS_CA_FILE: "/ca.crt" },
    });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.lines).toEqual([
      "configuration:",
      "  - TLS_CERTIFICATE_FILE is not set, but TLS_KEY_FILE is",
      "  - NATS_PASSWORD is not set, but NATS_USER is",
      "  - NATS_TLS_CERTIFICATE_FILE is not set, but NATS_TLS_KEY_FILE is",
      "  - NATS_USER and NATS_CREDS are both set",
    ]);
  });

  test("credentials for NATS that are none end it, and are not told", async () => {
    const child = await start("", { NATS_URL: "nats://127.0.0.1:1", NATS_CREDS: "correct horse" });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.lines.join("\n")).toContain("CREDENTIALS_INVALID");
    expect(child.lines.join("\n")).not.toContain("horse");
  });

  test("a second signal ends it where it stands", async () => {
    const child = await start("", { SHUTDOWN_DELAY_MS: "60000" }, /^ready/);
    process.kill(child.pid, "SIGINT");
    await child.waitForLine(/process asked to end/);
    // What comes right behind the first is the same request.
    const impatience = setInterval(() => {
      // Its output may be read to the end a little after it is gone.
      if (child.isRunning()) process.kill(child.pid, "SIGINT");
    }, 100);
    const exited = await child.exited.finally(() => clearInterval(impatience));
    expect(exited).toEqual({ code: 1, signal: null });
  });

  test("a wrong configuration is told in words, before anything starts", async () => {
    const child = await start("", { LOG_LEVEL: "loud", SHUTDOWN_DRAIN_MS: "soon" });
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.lines[0]).toBe("configuration:");
    expect(child.lines.filter((line) => /^ {2}- (LOG_LEVEL|SHUTDOWN_DRAIN_MS)/.test(line))).toHaveLength(2);
    expect(child.stdoutLines).toEqual([]);
  });

  test("a module that can not start, one that gives up and one that crashes end it with failure", async () => {
    for (const [behaviour, message, lastWords] of [
      ["fails-to-start", "process could not start", /"reason":".*MODULE_START_FAILED.*no luck.*process ends/],
      ["fails-later", "module failed", /"reason":"the disk is gone".*process ends/],
      ["crashes", "process crashed", /nobody expected this.*process crashed/],
    ] as const) {
      const child = await start(behaviour);
      expect([behaviour, await child.exited]).toEqual([behaviour, { code: 1, signal: null }]);
      expect(logged(child).map(({ msg }) => msg)).toContain(message);
      // What it prints on the other stream may be read later.
      expect(logLines(child).at(-1)).toMatch(lastWords);
    }
  });
});
