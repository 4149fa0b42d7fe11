// Run with --conditions=browser: verifies the vector with what a browser would load, and refuses every Node built-in.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";

const loaded = [];
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    if (!resolved.url.startsWith("file:")) throw new Error(`a browser has no ${resolved.url} (${context.parentURL})`);
    loaded.push(resolved.url);
    return resolved;
  },
});
const { verifyBundle } = await import("@koinon/receipts/verify");
const { parseTrust } = await import("@koinon/receipts/trust");
const { implementation } = await import("@koinon/secp256k1/ecdsa");

const read = (name) => readFileSync(new URL(`vectors/${name}`, import.meta.url));
const given = { request: read("request.body"), response: read("response.body") };
const result = verifyBundle(read("bundle.json"), parseTrust(read("trust.json")), given);
const anchored = verifyBundle(read("anchored-bundle.json"), parseTrust(read("anchored-trust.json")));
process.stdout.write(JSON.stringify({ ...result, anchored, implementation, modules: loaded.length }));
