// Compiles contracts/ with the pinned solc and writes one typed module per contract to src/gen. No network, same output each time.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import solc from "solc";

const require = createRequire(import.meta.url);
const root = new URL(".", import.meta.url);
const target = new URL("src/gen/", root);

const sources = readdirSync(new URL("contracts/", root), { recursive: true })
  .filter((file) => file.endsWith(".sol"))
  .sort();

const input = {
  language: "Solidity",
  sources: Object.fromEntries(sources.map((file) => [file, { content: read(new URL(`contracts/${file}`, root)) }])),
  settings: {
    // The oldest fork a shard runs.
    evmVersion: "cancun",
    optimizer: { enabled: true, runs: 200 },
    // Bytecode depends on the code alone, not on comments.
    metadata: { bytecodeHash: "none", appendCBOR: false },
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "storageLayout"] } },
  },
};

const output = JSON.parse(solc.compile(JSON.stringify(input), { import: resolveImport }));
const problems = output.errors ?? [];
if (problems.length > 0) {
  for (const { formattedMessage } of problems) process.stderr.write(`${formattedMessage}\n`);
  process.exit(1);
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const file of sources) {
  for (const [name, contract] of Object.entries(output.contracts[file])) {
    writeFileSync(new URL(`${kebabCase(name)}.ts`, target), moduleOf(name, contract));
  }
}

function moduleOf(name, { abi, evm, storageLayout }) {
  const prefix = name[0].toLowerCase() + name.slice(1);
  const slots = Object.fromEntries(storageLayout.storage.map(({ label, slot }) => [label, slot]));
  return [
    `// ${name}, compiled by solc ${solc.version()}.`,
    `export const ${prefix}Abi = ${JSON.stringify(abi, null, 2)} as const;`,
    "/** Creation code, to which the encoded arguments of the constructor are appended. */",
    `export const ${prefix}Bytecode = "0x${evm.bytecode.object}" as const;`,
    "/** Code after deployment; immutable values are zero in it. */",
    `export const ${prefix}DeployedBytecode = "0x${evm.deployedBytecode.object}" as const;`,
    "/** Slots of the state variables. */",
    `export const ${prefix}Slots = { ${Object.entries(slots)
      .map(([label, slot]) => `${label}: ${slot}n`)
      .join(", ")} } as const;`,
    "",
  ].join("\n\n");
}

/** Sources of npm packages, by their path as Solidity imports it. */
function resolveImport(path) {
  try {
    return { contents: read(require.resolve(path)) };
  } catch (error) {
    return { error: String(error) };
  }
}

function read(file) {
  return readFileSync(file instanceof URL ? fileURLToPath(file) : file, "utf8");
}

function kebabCase(name) {
  return name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}
