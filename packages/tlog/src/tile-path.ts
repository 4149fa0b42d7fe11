import { TILE_WIDTH, type TileId } from "./tile.ts";
import { TlogError } from "./tlog-error.ts";

/** Tile indexes stay below 2^55: 2^63 leaves in tiles of 2^8. */
const INDEX_LIMIT = 2n ** 55n;
/** The longest path there can be: level, six groups of digits, width. */
const PATH_LENGTH_MAX = 48;
const LEVEL_MAX = 63;

const PATH =
  /^tile\/(?<level>entries|0|[1-9][0-9]?)\/(?<index>(?:x[0-9]{3}\/)*[0-9]{3})(?:\.p\/(?<width>[1-9][0-9]{0,2}))?$/;

/** The path of a tile below the log's prefix, such as tile/0/x001/234.p/5 or tile/entries/000. */
export function formatTilePath({ level, index, width }: TileId): string {
  const groups = [(index % 1000n).toString().padStart(3, "0")];
  for (let rest = index / 1000n; rest > 0n; rest /= 1000n) {
    groups.unshift(`x${(rest % 1000n).toString().padStart(3, "0")}`);
  }
  return `tile/${level}/${groups.join("/")}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** Reads a tile path; throws TILE_PATH_MALFORMED for any spelling that formatTilePath would not give. */
export function parseTilePath(path: string): TileId {
  const { level, index, width } = (path.length <= PATH_LENGTH_MAX && PATH.exec(path)?.groups) || {};
  if (level === undefined || index === undefined) throw malformed(path);
  const id: TileId = {
    level: level === "entries" ? "entries" : Number(level),
    index: BigInt(index.replaceAll(/[x/]/g, "")),
    width: width === undefined ? TILE_WIDTH : Number(width),
  };
  if (id.index >= INDEX_LIMIT || id.width > TILE_WIDTH || (id.level !== "entries" && id.level > LEVEL_MAX)) {
    throw malformed(path);
  }
  if (formatTilePath(id) !== path) throw malformed(path);
  return id;
}

function malformed(path: string): TlogError {
  return new TlogError({ code: "TILE_PATH_MALFORMED", path: path.slice(0, PATH_LENGTH_MAX) });
}
