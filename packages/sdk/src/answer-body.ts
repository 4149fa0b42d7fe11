import { ApiError } from "./fault.ts";

/** The body of an answer; throws ANSWER_MALFORMED as soon as it exceeds the limit. */
export async function readAtMost(response: Response, bytesMax: number, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > bytesMax) {
      await reader.cancel();
      throw new ApiError({ code: "ANSWER_MALFORMED", url, problem: `more than ${bytesMax} bytes` });
    }
    chunks.push(value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** The error that a refusing answer stands for, also when a proxy in between wrote it. */
export function refusalOf(response: Response, bytes: Uint8Array): ApiError {
  const { code, message, param } = errorMembers(bytes);
  return new ApiError({
    code: "REFUSED",
    status: response.status,
    reason: typeof code === "string" ? code : `HTTP_${response.status}`,
    problem: typeof message === "string" ? message : response.statusText,
    param: typeof param === "string" ? param : null,
    requestId: response.headers.get("x-request-id"),
    retryAfterMs: retryAfterOf(response.headers),
  });
}

function errorMembers(bytes: Uint8Array): { code?: unknown; message?: unknown; param?: unknown } {
  try {
    const body = JSON.parse(new TextDecoder().decode(bytes)) as { error?: unknown } | null;
    const error = body?.error;
    return typeof error === "object" && error !== null ? error : {};
  } catch {
    return {};
  }
}

function retryAfterOf(headers: Headers): number | null {
  const milliseconds = headers.get("retry-after-ms");
  if (milliseconds !== null && /^[0-9]{1,9}$/.test(milliseconds)) return Number(milliseconds);
  const seconds = headers.get("retry-after");
  return seconds !== null && /^[0-9]{1,6}$/.test(seconds) ? Number(seconds) * 1000 : null;
}
