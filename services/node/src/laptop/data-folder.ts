import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";

/** Where everything of one laptop network lives. Secrets are files of mode 0600; the folder itself may be traversed. */
export interface DataFolder {
  readonly root: string;
  readonly networkFile: string;
  readonly trustFile: string;
  readonly postgres: string;
  readonly models: string;
  readonly chain: string;
  readonly keys: string;
  readonly tls: string;
  /** Unix sockets; short names, since their paths are limited to about 100 bytes. */
  readonly run: string;
  /** Folder of one provider: its journal and settings. */
  provider(name: string): string;
}

/** Creates the folder when missing. Other users may traverse it, because PostgreSQL runs as a user of its own under root. */
export function openDataFolder(directory: string): DataFolder {
  const root = path.resolve(directory);
  mkdirSync(root, { recursive: true });
  chmodSync(root, 0o711);
  const folder: DataFolder = {
    root,
    networkFile: path.join(root, "network.json"),
    trustFile: path.join(root, "trust.json"),
    postgres: path.join(root, "postgres"),
    models: path.join(root, "models"),
    chain: path.join(root, "chain"),
    keys: path.join(root, "keys"),
    tls: path.join(root, "tls"),
    run: path.join(root, "run"),
    provider: (name) => path.join(root, "providers", name),
  };
  for (const secret of [folder.keys, folder.tls, folder.run]) {
    mkdirSync(secret, { recursive: true, mode: 0o700 });
  }
  return folder;
}
