import { readFileSync } from "node:fs";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { createClient } from "../src/client.ts";
import { DescriptorFiles } from "../src/descriptor-files.ts";
import { HealthCheckResponse_ServingStatus, HealthDefinition } from "../src/gen/grpc/health/v1/health.ts";
import { ServerReflectionDefinition, type ServerReflectionRequest } from "../src/gen/grpc/reflection/v1/reflection.ts";
import { createHealthService } from "../src/health-service.ts";
import { LocalServices } from "../src/in-process.ts";
import { createReflectionService } from "../src/reflection-service.ts";
import { clock } from "./transports.ts";

describe("health", () => {
  function serveHealth(states: Map<string, boolean>) {
    const local = new LocalServices({ clock });
    local.add(createHealthService((service) => states.get(service), { watchIntervalMs: 5 }));
    return createClient(HealthDefinition, local.channel("anybody"), {}, { clock });
  }

  test("Check answers what is so now, and NOT_FOUND for what is not here", async () => {
    const states = new Map([["a.v1.A", true]]);
    const health = serveHealth(states);
    const { SERVING, NOT_SERVING } = HealthCheckResponse_ServingStatus;
    expect(await health.check({ service: "a.v1.A" })).toEqual({ status: SERVING });
    states.set("a.v1.A", false);
    expect(await health.check({ service: "a.v1.A" })).toEqual({ status: NOT_SERVING });
    await expect(health.check({ service: "b.v1.B" })).rejects.toMatchObject({
      code: "SERVICE_UNKNOWN",
      status: "NOT_FOUND",
      facts: { service: "b.v1.B" },
    });
  });

  test("Watch answers every change and nothing twice", async () => {
    const states = new Map<string, boolean>();
    const health = serveHealth(states);
    const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
    const seen: number[] = [];
    const controller = new AbortController();
    const watching = (async () => {
      for await (const { status } of health.watch({ service: "a" }, { signal: controller.signal })) seen.push(status);
    })();
    await waitFor(() => seen.length === 1);
    states.set("a", true);
    await waitFor(() => seen.length === 2);
    states.set("a", false);
    await waitFor(() => seen.length === 3);
    controller.abort();
    await expect(watching).rejects.toMatchObject({ code: "CANCELLED" });
    expect(seen).toEqual([SERVICE_UNKNOWN, SERVING, NOT_SERVING]);
  });
});

describe("reflection", () => {
  const own = new URL("../dist/descriptors.binpb", import.meta.url);
  const local = new LocalServices({ clock });
  const load = (): DescriptorFiles => new DescriptorFiles([readFileSync(own)]);
  local.add(createReflectionService(load, ["grpc.health.v1.Health"]));
  const reflection = createClient(ServerReflectionDefinition, local.channel("anybody"), {}, { clock });

  async function ask(messageRequest: ServerReflectionRequest["messageRequest"]) {
    const question = async function* () {
      yield { host: "", messageRequest };
    };
    for await (const response of reflection.serverReflectionInfo(question())) return response.messageResponse;
    return undefined;
  }

  test("lists what is served", async () => {
    expect(await ask({ $case: "listServices", value: "" })).toEqual({
      $case: "listServicesResponse",
      value: { service: [{ name: "grpc.health.v1.Health" }] },
    });
  });

  test("finds the file of services, rpcs, messages, fields and enums, with its imports", async () => {
    for (const symbol of [
      "grpc.health.v1.Health",
      "grpc.health.v1.Health.Watch",
      "grpc.health.v1.HealthCheckRequest",
      "grpc.health.v1.HealthCheckRequest.service",
      "grpc.health.v1.HealthCheckResponse.ServingStatus",
    ]) {
      const found = await ask({ $case: "fileContainingSymbol", value: symbol });
      const bytes = found?.$case === "fileDescriptorResponse" ? found.value.fileDescriptorProto : [];
      const [first] = bytes.map((file) => fromBinary(FileDescriptorProtoSchema, file).name);
      expect([symbol, first]).toEqual([symbol, "grpc/health/v1/health.proto"]);
    }
    const status = await ask({ $case: "fileByFilename", value: "google/rpc/status.proto" });
    const names = status?.$case === "fileDescriptorResponse" ? status.value.fileDescriptorProto : [];
    expect(names.map((file) => fromBinary(FileDescriptorProtoSchema, file).name)).toEqual([
      "google/rpc/status.proto",
      "google/protobuf/any.proto",
    ]);
  });

  test("what is not there is NOT_FOUND, nothing is INVALID_ARGUMENT", async () => {
    for (const question of [
      { $case: "fileContainingSymbol", value: "grpc.health.v1.Nothing" },
      { $case: "fileByFilename", value: "x.proto" },
    ] as const) {
      expect(await ask(question)).toMatchObject({ $case: "errorResponse", value: { errorCode: 5 } });
    }
    expect(await ask(undefined)).toMatchObject({ $case: "errorResponse", value: { errorCode: 3 } });
  });
});
