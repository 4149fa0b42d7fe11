-- Checkpoints anchored to a chain, and the transaction that is on its way there.
-- A registry is named by chain id and address; another one starts anew.

-- What proves that a published checkpoint stands in the registry, in the state of one block.
CREATE TABLE anchors (
  chain_id numeric(78) NOT NULL,
  registry bytea NOT NULL CHECK (octet_length(registry) = 20),
  size bigint NOT NULL REFERENCES checkpoints,
  block_number bigint NOT NULL,
  block_hash bytea NOT NULL CHECK (octet_length(block_hash) = 32),
  -- RLP.
  header bytea NOT NULL,
  -- RLP nodes of eth_getProof: of the account, and of the slots of root and submission.
  account_proof bytea[] NOT NULL,
  root_proof bytea[] NOT NULL,
  submission_proof bytea[] NOT NULL,
  anchored_at_ms bigint NOT NULL,
  PRIMARY KEY (chain_id, registry, size)
);
CREATE INDEX anchors_block ON anchors (block_hash);
CREATE INDEX anchors_size ON anchors (size);

-- The one transaction under way for a registry, written before it is sent.
CREATE TABLE anchor_submissions (
  chain_id numeric(78) NOT NULL,
  registry bytea NOT NULL CHECK (octet_length(registry) = 20),
  -- Null for the registration of the log's origin.
  size bigint REFERENCES checkpoints,
  nonce bigint NOT NULL,
  -- Signed transactions of this nonce, each paying more than the one before.
  transactions bytea[] NOT NULL,
  sent_at_ms bigint NOT NULL,
  PRIMARY KEY (chain_id, registry)
);
CREATE INDEX anchor_submissions_size ON anchor_submissions (size);
