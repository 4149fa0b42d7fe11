/** How the stand-in behaves on one request. */
export interface Script {
  readonly text: string;
  readonly tokensPerSecond: number;
  /** Stops in the middle, with or without an error event. */
  readonly breaks: "no" | "with-event" | "silently";
  /** HTTP refusal instead of an answer. */
  readonly refusal: {
    readonly status: number;
    readonly type: string;
    readonly code: string;
    readonly message: string;
  } | null;
  readonly logDelayMs: number;
  /** The gateway changes a letter on the way. */
  readonly lies: boolean;
  /** Stands still in the middle until its reader leaves, the first time that it is asked. */
  readonly holds: boolean;
}

const plain: Script = {
  text: "The capital of France is **Paris**. It has been the seat of government, with interruptions, since the late tenth century.",
  tokensPerSecond: 400,
  breaks: "no",
  refusal: null,
  logDelayMs: 300,
  lies: false,
  holds: false,
};

const showcase = `A Merkle tree lets a log prove that an entry is in it without showing the others. Three properties carry the weight:

1. **Leaves and nodes hash differently.** A leaf is \`SHA-256(0x00 ‖ entry)\`, a node \`SHA-256(0x01 ‖ left ‖ right)\`, so neither can pass for the other.
2. **The root binds the size.** A checkpoint names both, and the path must have exactly the length that size and index imply.
3. **Paths are short.** A log of a million entries needs about twenty hashes.

Here is the check itself, in TypeScript:

\`\`\`ts
export function rootOfPath(leaf: Uint8Array, index: bigint, size: bigint, path: readonly Uint8Array[]): Uint8Array {
  let hash = leaf;
  let last = size - 1n;
  for (const sibling of path) {
    // A right child, or the last node of its level: its sibling stands on the left.
    const isRight = (index & 1n) === 1n || index === last;
    hash = isRight ? node(sibling, hash) : node(hash, sibling);
    index >>= 1n;
    last >>= 1n;
  }
  return hash;
}
\`\`\`

What that costs, by size of the log:

| Entries | Hashes in a proof | Bytes |
| ---: | ---: | ---: |
| 1,024 | 10 | 320 |
| 1,048,576 | 20 | 640 |
| 1,073,741,824 | 30 | 960 |

> A proof says that the entry is in *this* tree. Whether everybody sees the same tree is what witnesses are for.

See [RFC 9162](https://www.rfc-editor.org/rfc/rfc9162) for the exact construction.`;

const hostile = `Before <img src=x onerror="document.title='owned'"> and <script>document.title="owned"</script> after.

![tracking pixel](https://evil.example/pixel.png)

[a script](javascript:alert(1)) and [a page](https://example.org/a?b=c "title") and <b>bold</b>.`;

const verse = `The log grows leaf by leaf,
and never loses one;
its root, however brief,
says all that has been done.

<pre>
a line of HTML
and another
</pre>`;

function refuse(status: number, type: string, code: string, message: string): Script {
  return { ...plain, refusal: { status, type, code, message } };
}

const scripts: readonly (readonly [RegExp, Script])[] = [
  [/\[broken\]/, { ...plain, text: showcase, breaks: "with-event" }],
  [/\[cut\]/, { ...plain, text: showcase, breaks: "silently" }],
  [
    /\[budget\]/,
    refuse(402, "insufficient_quota", "INSUFFICIENT_FUNDS", "The budget does not cover what this request may cost."),
  ],
  [/\[rate\]/, refuse(429, "rate_limit_error", "RATE_LIMITED", "The limit of 60 requests per minute is reached.")],
  [
    /\[overloaded\]/,
    refuse(503, "overloaded_error", "OVERLOADED", "The gateway has as many requests in hand as it takes."),
  ],
  [/\[down\]/, refuse(502, "upstream_error", "UPSTREAM_BROKEN", "The answer broke off before it was complete.")],
  [/\[unlogged\]/, { ...plain, logDelayMs: 3_600_000 }],
  [/\[late\]/, { ...plain, logDelayMs: 2_500 }],
  [/\[lies\]/, { ...plain, lies: true }],
  [/\[held\]/, { ...plain, text: showcase, holds: true }],
  [/\[html\]/, { ...plain, text: hostile }],
  [/\[verse\]/, { ...plain, text: verse }],
  [/\[long\]/, { ...plain, text: Array.from({ length: 40 }, () => showcase).join("\n\n"), tokensPerSecond: 4_000 }],
  [/merkle|log|proof/i, { ...plain, text: showcase }],
];

/** The script for a prompt: words in brackets ask for trouble. */
export function scriptFor(prompt: string): Script {
  return scripts.find(([pattern]) => pattern.test(prompt))?.[1] ?? plain;
}
