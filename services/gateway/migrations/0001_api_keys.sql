CREATE TABLE api_keys (
  id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{16}$'),
  name text NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  scopes text[] NOT NULL CHECK (scopes <@ ARRAY['inference', 'receipts', 'admin']),
  consumer bytea NOT NULL CHECK (octet_length(consumer) = 20),
  state text NOT NULL CHECK (state IN ('opening', 'active')),
  budget numeric(39, 0) NOT NULL CHECK (budget >= 0),
  requests_per_minute int CHECK (requests_per_minute > 0),
  creator text NOT NULL,
  creation text,
  creation_digest bytea NOT NULL CHECK (octet_length(creation_digest) = 32),
  created_at_ms bigint NOT NULL,
  expires_at_ms bigint,
  revoked_at_ms bigint,
  UNIQUE (creator, creation)
);

-- Lists page through it newest first.
CREATE INDEX api_keys_by_creation ON api_keys (created_at_ms, id);

-- What a crash may have left half done; almost always empty.
CREATE INDEX api_keys_opening ON api_keys (created_at_ms) WHERE state = 'opening' AND revoked_at_ms IS NULL;
