import { fileURLToPath } from "node:url";

/** One jest setup for the workspace: native ES modules, TypeScript stripped by swc, tests beside the code or under test/. */
export default {
  testEnvironment: "node",
  testMatch: ["**/*.test.ts"],
  modulePathIgnorePatterns: ["<rootDir>/dist/"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      fileURLToPath(import.meta.resolve("@swc/jest")),
      {
        jsc: { parser: { syntax: "typescript" }, target: "es2024" },
        module: { type: "es6" },
      },
    ],
  },
  // A test that hangs is told by the deadlines within it; this one is for the rest.
  testTimeout: 90_000,
};
