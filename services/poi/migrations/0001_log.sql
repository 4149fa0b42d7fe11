-- The contribution log: entries, hash tiles, where the tree stands, and what was published of it.
-- uint64 values of signed documents do not fit bigint and are numeric; indexes and sizes of the tree are bigint.

-- One row: the tree as committed. Appending is a compare-and-set of size and root.
CREATE TABLE log_tree (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  origin text NOT NULL,
  size bigint NOT NULL CHECK (size >= 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  -- Right-edge tile by tile level, empty where a level ends in a full tile.
  edge bytea[] NOT NULL
);

-- Leaves. Entry bundles are assembled from them.
CREATE TABLE log_entries (
  leaf_index bigint PRIMARY KEY,
  -- EIP-712 digest of the document.
  document_id bytea NOT NULL UNIQUE CHECK (octet_length(document_id) = 32),
  content bytea NOT NULL,
  -- For a receipt: the leaf of the certificate that it came with.
  certificate_index bigint
);

-- Full hash tiles; partial ones are in log_tree.edge.
CREATE TABLE log_tiles (
  level smallint NOT NULL,
  tile_index bigint NOT NULL,
  content bytea NOT NULL CHECK (octet_length(content) = 8192),
  PRIMARY KEY (level, tile_index)
);
-- Hashes do not compress.
ALTER TABLE log_tiles ALTER COLUMN content SET STORAGE EXTERNAL;

-- The last receipt of each session.
CREATE TABLE sessions (
  session bytea PRIMARY KEY,
  provider bytea NOT NULL,
  consumer bytea NOT NULL,
  sequence numeric(20) NOT NULL,
  receipt_id bytea NOT NULL,
  key bytea NOT NULL,
  epoch numeric(20) NOT NULL
);

-- Verified receipts whose predecessor has not come yet.
CREATE TABLE held_receipts (
  receipt_id bytea PRIMARY KEY,
  session bytea NOT NULL,
  sequence numeric(20) NOT NULL,
  -- The event, koinon.compute.v1.SettledReceipt.
  payload bytea NOT NULL,
  held_at_ms bigint NOT NULL
);
CREATE INDEX held_receipts_session ON held_receipts (session, sequence);
CREATE INDEX held_receipts_age ON held_receipts (held_at_ms);

-- Events that do not belong in the log, and why.
CREATE TABLE refused_receipts (
  -- The receipt's id, or the SHA-256 of an event in which no receipt can be read.
  id bytea PRIMARY KEY,
  reason text NOT NULL,
  detail text NOT NULL,
  payload bytea NOT NULL,
  times bigint NOT NULL DEFAULT 1,
  first_at_ms bigint NOT NULL,
  last_at_ms bigint NOT NULL
);
CREATE INDEX refused_receipts_age ON refused_receipts (last_at_ms);

-- Tree heads that the log signed and published.
CREATE TABLE checkpoints (
  size bigint PRIMARY KEY,
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  -- Signed note with the log's line alone.
  note text NOT NULL,
  signed_at_ms bigint NOT NULL,
  -- Witnesses that cosigned it.
  witnesses int NOT NULL DEFAULT 0
);
CREATE INDEX checkpoints_witnesses ON checkpoints (witnesses, size);

CREATE TABLE cosignatures (
  size bigint NOT NULL REFERENCES checkpoints ON DELETE CASCADE,
  -- The witness's verifier key.
  vkey text NOT NULL,
  -- Its signature line with the newline.
  line text NOT NULL,
  -- Seconds since the epoch, as the witness states it.
  cosigned_at_s bigint NOT NULL,
  PRIMARY KEY (size, vkey)
);

-- The contribution view of log_tree.
CREATE TABLE contributions (
  provider bytea NOT NULL,
  kind smallint NOT NULL,
  subject bytea NOT NULL,
  receipts bigint NOT NULL,
  input_units numeric NOT NULL,
  output_units numeric NOT NULL,
  fee numeric NOT NULL,
  first_at_ms numeric(20) NOT NULL,
  last_at_ms numeric(20) NOT NULL,
  PRIMARY KEY (provider, kind, subject)
);
CREATE INDEX contributions_order ON contributions (fee DESC, provider, kind, subject);

CREATE TABLE outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject text NOT NULL,
  payload bytea NOT NULL,
  headers jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  published_at timestamptz
);
CREATE INDEX outbox_unpublished ON outbox (id) WHERE published_at IS NULL;
