import { expect, test } from "@jest/globals";
import { ConfigReader } from "@koinon/runtime/config";
import { providerConfig } from "./config.ts";

const given = {
  PROVIDER_NAME: "alpha",
  PROVIDER_ENDPOINT: "local:alpha",
  PROVIDER_DATA_DIR: "/data",
  PROVIDER_OFFERS: '[{"model":"m","inputPrice":"100","outputPrice":"200"}]',
};

function read(env: Record<string, string>) {
  const reader = new ConfigReader({ env, readFile: () => "" });
  const config = reader.read("provider", providerConfig);
  reader.finish();
  return config;
}

test("prices are bigint micro-credits, and what is not given has its default", () => {
  expect(read(given)).toMatchObject({
    ...{ region: "local", capacity: 4, queueMax: 32, chainId: 31_337n, engineUrl: undefined },
    offers: [{ model: "m", inputPrice: 100n, outputPrice: 200n, requestPrice: 0n, kind: "chat" }],
  });
});

test.each([
  ["10.1.2.3:7000", "10.1.2.3:7000"],
  ["provider.example.net:7000", "provider.example.net:7000"],
  ["local:alpha", "local:alpha"],
  ["unix:/run/provider.sock", "unix:/run/provider.sock"],
  ["fd00::1:7000", "[fd00::1]:7000"],
  ["fd00:10:244::7:7000", "[fd00:10:244::7]:7000"],
  ["[fd00::1]:7000", "[fd00::1]:7000"],
])("the endpoint %s is announced as %s", (endpoint, announced) => {
  expect(read({ ...given, PROVIDER_ENDPOINT: endpoint }).endpoint).toBe(announced);
});

test("mistakes are named by their key", () => {
  const mistakes: [string, string][] = [
    ["PROVIDER_OFFERS", "{"],
    ["PROVIDER_OFFERS", "[]"],
    ["PROVIDER_OFFERS", '[{"model":"m","inputPrice":1,"outputPrice":"1"}]'],
    ["PROVIDER_OFFERS", '[{"model":"m","inputPrice":"1","outputPrice":"1","surprise":1}]'],
    ["PROVIDER_ENGINE_URL", "ftp://host"],
    ["PROVIDER_REGION", "EU West"],
    ["PROVIDER_CAPACITY", "0"],
    ["PROVIDER_VERIFYING_CONTRACT", "0x1"],
  ];
  for (const [key, value] of mistakes) expect(() => read({ ...given, [key]: value })).toThrow(key);
});
