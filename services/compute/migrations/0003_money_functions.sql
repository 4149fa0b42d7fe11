-- Each function does a whole batch in one round trip. Rows are locked in the same order everywhere: reservations by request id, sessions by id,
-- budgets, issuance and providers' accounts by id; a new reservation comes after its budget, which nobody else can be waiting for. Who holds
-- a reservation's row decides about it; balances come last, so that a busy budget is locked for as short as can be. Plans are fixed, because a
-- plan made while a table was empty would otherwise read all of it later.

-- Changes balances by batches.
CREATE FUNCTION move_balances(
  p_accounts bigint[], p_debits_pending numeric[], p_debits_posted numeric[],
  p_payees bigint[], p_credits_pending numeric[], p_credits_posted numeric[]
) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  PERFORM 1 FROM accounts WHERE id = ANY (p_accounts || p_payees) ORDER BY kind, id FOR NO KEY UPDATE;
  UPDATE accounts SET
    debits_pending = accounts.debits_pending + moved.debits_pending,
    debits_posted = accounts.debits_posted + moved.debits_posted,
    credits_pending = accounts.credits_pending + moved.credits_pending,
    credits_posted = accounts.credits_posted + moved.credits_posted
  FROM (
    SELECT id, sum(debits_pending) AS debits_pending, sum(debits_posted) AS debits_posted,
      sum(credits_pending) AS credits_pending, sum(credits_posted) AS credits_posted
    FROM (
      SELECT id, debits_pending, debits_posted, 0 AS credits_pending, 0 AS credits_posted
      FROM unnest(p_accounts, p_debits_pending, p_debits_posted) AS side (id, debits_pending, debits_posted)
      UNION ALL
      SELECT id, 0, 0, credits_pending, credits_posted
      FROM unnest(p_payees, p_credits_pending, p_credits_posted) AS side (id, credits_pending, credits_posted)
    ) AS sides GROUP BY id
  ) AS moved
  WHERE accounts.id = moved.id;
END $$;

-- Reserves. `p_ids` holds 180 bytes per request: request id 32, provider 20, subject 32, price id 32, certificate id 32, request digest 32.
-- Outcomes: 0 reserved, 1 duplicate, 2 request id used for another request, 3 insufficient funds (then `available` says what there is).
-- A request id is at most once in a batch.
CREATE FUNCTION reserve_requests(
  p_ids bytea, p_accounts bigint[], p_payees bigint[], p_provider_names text[], p_amounts numeric[], p_models text[], p_endpoints text[],
  p_request_bytes bigint[], p_relayed_by text[], p_reserved_at bigint[], p_expires_at bigint[],
  OUT outcomes int[], OUT available numeric[]
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  budget record;
  known record;
  budgets bigint[] := '{}';
  free numeric[] := '{}';
  request_ids bytea[];
  granted_accounts bigint[] := '{}';
  granted_payees bigint[] := '{}';
  granted_amounts numeric[] := '{}';
  nothing numeric[];
  slot int;
BEGIN
  FOR budget IN
    SELECT id, credits_posted - debits_posted - debits_pending AS available
    FROM accounts WHERE id = ANY (p_accounts) ORDER BY id FOR NO KEY UPDATE
  LOOP
    budgets := budgets || budget.id;
    free := free || budget.available;
  END LOOP;

  outcomes := array_fill(0, ARRAY[cardinality(p_accounts)]);
  available := array_fill(NULL::numeric, ARRAY[cardinality(p_accounts)]);
  SELECT array_agg(substring(p_ids FROM (place - 1) * 180 + 1 FOR 32) ORDER BY place) INTO request_ids
  FROM generate_series(1, cardinality(p_accounts)) AS place;

  -- One statement reads both tables, so a request that is being closed is seen in one of them.
  FOR known IN
    SELECT wanted.place, wanted.account = before.account AND wanted.model = before.model AND wanted.endpoint = before.endpoint
      AND wanted.request_bytes = before.request_bytes
      AND substring(p_ids FROM (wanted.place - 1)::int * 180 + 149 FOR 32) = before.request_digest AS same
    FROM unnest(request_ids, p_accounts, p_models, p_endpoints, p_request_bytes)
      WITH ORDINALITY AS wanted (request_id, account, model, endpoint, request_bytes, place),
      LATERAL (
        SELECT account, model, endpoint, request_bytes, request_digest FROM reservations WHERE request_id = wanted.request_id
        UNION ALL
        SELECT account, model, endpoint, request_bytes, request_digest FROM settlements WHERE request_id = wanted.request_id
      ) AS before
  LOOP
    outcomes[known.place] := CASE WHEN known.same THEN 1 ELSE 2 END;
  END LOOP;

  FOR place IN 1 .. cardinality(p_accounts) LOOP
    CONTINUE WHEN outcomes[place] <> 0;
    slot := array_position(budgets, p_accounts[place]);
    IF free[slot] < p_amounts[place] THEN
      outcomes[place] := 3;
      available[place] := free[slot];
    ELSE
      free[slot] := free[slot] - p_amounts[place];
      granted_accounts := granted_accounts || p_accounts[place];
      granted_payees := granted_payees || p_payees[place];
      granted_amounts := granted_amounts || p_amounts[place];
    END IF;
  END LOOP;
  IF cardinality(granted_accounts) = 0 THEN
    RETURN;
  END IF;

  INSERT INTO reservations (request_id, account, payee, provider, provider_name, subject, price_id, certificate_id, amount, model, endpoint,
    request_digest, request_bytes, relayed_by, reserved_at, expires_at)
  SELECT request_id, account, payee, substring(p_ids FROM at + 33 FOR 20), provider_name, substring(p_ids FROM at + 53 FOR 32),
    substring(p_ids FROM at + 85 FOR 32), substring(p_ids FROM at + 117 FOR 32), amount, model, endpoint,
    substring(p_ids FROM at + 149 FOR 32), request_bytes, relayed_by, reserved_at, expires_at
  FROM unnest(request_ids, p_accounts, p_payees, p_provider_names, p_amounts, p_models, p_endpoints, p_request_bytes, p_relayed_by,
      p_reserved_at, p_expires_at, outcomes) WITH ORDINALITY AS wanted (request_id, account, payee, provider_name, amount, model, endpoint,
      request_bytes, relayed_by, reserved_at, expires_at, outcome, place),
    LATERAL (SELECT (place - 1)::int * 180 AS at) AS record
  WHERE outcome = 0;

  -- Another budget's request with the same id may have been reserved and closed since the look above.
  IF EXISTS (
    SELECT 1 FROM unnest(request_ids, outcomes) AS wanted (request_id, outcome) JOIN settlements USING (request_id) WHERE outcome = 0
  ) THEN
    RAISE serialization_failure USING MESSAGE = 'request id was used meanwhile';
  END IF;

  nothing := array_fill(0::numeric, ARRAY[cardinality(granted_accounts)]);
  PERFORM move_balances(granted_accounts, granted_amounts, nothing, granted_payees, granted_amounts, nothing);
END $$;

-- Reserves one request in one statement, as long as nothing is against it: answers false, having done nothing, when the budget does not
-- suffice or the request id was used before, and reserve_requests finds out which. Under little load most batches have one item.
CREATE FUNCTION reserve_request(
  p_request_id bytea, p_account bigint, p_payee bigint, p_provider bytea, p_provider_name text, p_subject bytea, p_price_id bytea,
  p_certificate_id bytea, p_amount numeric, p_model text, p_endpoint text, p_request_digest bytea, p_request_bytes bigint,
  p_relayed_by text, p_reserved_at bigint, p_expires_at bigint
) RETURNS boolean LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
BEGIN
  UPDATE accounts SET debits_pending = debits_pending + p_amount
  WHERE id = p_account AND credits_posted - debits_posted - debits_pending >= p_amount
    AND NOT EXISTS (SELECT 1 FROM reservations WHERE request_id = p_request_id)
    AND NOT EXISTS (SELECT 1 FROM settlements WHERE request_id = p_request_id);
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  WITH reserved AS (
    INSERT INTO reservations (request_id, account, payee, provider, provider_name, subject, price_id, certificate_id, amount, model,
      endpoint, request_digest, request_bytes, relayed_by, reserved_at, expires_at)
    VALUES (p_request_id, p_account, p_payee, p_provider, p_provider_name, p_subject, p_price_id, p_certificate_id, p_amount, p_model,
      p_endpoint, p_request_digest, p_request_bytes, p_relayed_by, p_reserved_at, p_expires_at)
    RETURNING payee
  )
  UPDATE accounts SET credits_pending = credits_pending + p_amount FROM reserved WHERE id = reserved.payee;
  IF EXISTS (SELECT 1 FROM settlements WHERE request_id = p_request_id) THEN
    RAISE serialization_failure USING MESSAGE = 'request id was used meanwhile';
  END IF;
  RETURN true;
END $$;

-- Settles. `p_ids` holds 393 bytes per receipt: request id 32, provider 20, price id 32, receipt id 32, session 32, previous 32, key 20,
-- signature 65, openings 128; `p_bytes` holds the receipts and the events one after the other, in pairs.
-- Outcomes: 0 settled, 1 duplicate, 2 predecessor missing, 3 chain broken, 4 settled otherwise, 5 repointed, 6 voided, 7 unknown request,
-- 8 fee above the amount reserved. A request id is at most once in a batch.
CREATE FUNCTION settle_requests(
  p_ids bytea, p_bytes bytea, p_receipt_sizes int[], p_event_sizes int[], p_sequences numeric[], p_epochs numeric[], p_fees numeric[],
  p_relayed boolean[], p_attempts text[], p_subjects text[], p_settled_at bigint[], OUT outcomes int[]
) LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  item record;
  head record;
  -- The last receipt of each session of the batch, with what the batch has added so far.
  head_sessions bytea[] := '{}';
  head_providers bytea[] := '{}';
  head_consumers bytea[] := '{}';
  head_sequences numeric[] := '{}';
  head_receipts bytea[] := '{}';
  head_keys bytea[] := '{}';
  head_epochs numeric[] := '{}';
  heads_found int;
  request_ids bytea[];
  session_ids bytea[];
  starts int[];
  events bigint[];
  raised bytea[] := '{}';
  paid_accounts bigint[] := '{}';
  paid_payees bigint[] := '{}';
  released numeric[] := '{}';
  fees numeric[] := '{}';
  slot int;
  at int;
  written int;
BEGIN
  SELECT array_agg(substring(p_ids FROM place * 393 - 392 FOR 32) ORDER BY place),
    array_agg(substring(p_ids FROM place * 393 - 276 FOR 32) ORDER BY place),
    array_agg(NULL::bigint ORDER BY place)
  INTO request_ids, session_ids, events
  FROM generate_series(1, cardinality(p_fees)) AS place;
  outcomes := array_fill(0, ARRAY[cardinality(p_fees)]);
  starts := array_fill(0, ARRAY[cardinality(p_fees)]);

  PERFORM 1 FROM reservations WHERE request_id = ANY (request_ids) ORDER BY request_id FOR UPDATE;
  FOR head IN SELECT * FROM sessions WHERE session = ANY (session_ids) ORDER BY session FOR NO KEY UPDATE LOOP
    head_sessions := head_sessions || head.session;
    head_providers := head_providers || head.provider;
    head_consumers := head_consumers || head.consumer;
    head_sequences := head_sequences || head.sequence;
    head_receipts := head_receipts || head.receipt_id;
    head_keys := head_keys || head.key;
    head_epochs := head_epochs || head.epoch;
  END LOOP;
  heads_found := cardinality(head_sessions);

  at := 0;
  FOR item IN
    SELECT wanted.place::int AS place, wanted.session, wanted.sequence, wanted.epoch, wanted.fee, wanted.relayed,
      wanted.receipt_size, wanted.event_size,
      substring(p_ids FROM wanted.place::int * 393 - 360 FOR 20) AS provider, substring(p_ids FROM wanted.place::int * 393 - 340 FOR 32) AS price_id,
      substring(p_ids FROM wanted.place::int * 393 - 308 FOR 32) AS receipt_id, substring(p_ids FROM wanted.place::int * 393 - 244 FOR 32) AS previous,
      substring(p_ids FROM wanted.place::int * 393 - 212 FOR 20) AS key,
      wanted.request_id, open.account, open.payee, open.amount, open.provider AS open_provider, open.price_id AS open_price, accounts.consumer,
      closed.state AS closed_state, closed.receipt_id AS closed_receipt, closed.relayed AS closed_relayed
    FROM unnest(request_ids, session_ids, p_sequences, p_epochs, p_fees, p_relayed, p_receipt_sizes, p_event_sizes)
      WITH ORDINALITY AS wanted (request_id, session, sequence, epoch, fee, relayed, receipt_size, event_size, place)
    LEFT JOIN reservations AS open ON open.request_id = wanted.request_id
    LEFT JOIN settlements AS closed ON closed.request_id = wanted.request_id
    LEFT JOIN accounts ON accounts.id = open.account
    ORDER BY wanted.place
  LOOP
    starts[item.place] := at;
    at := at + item.receipt_size + item.event_size;
    IF item.closed_state IS NOT NULL THEN
      IF item.closed_state = 'voided' THEN
        outcomes[item.place] := 6;
      ELSIF item.closed_receipt <> item.receipt_id THEN
        outcomes[item.place] := 4;
      ELSE
        outcomes[item.place] := 1;
        IF item.relayed AND NOT item.closed_relayed THEN
          raised := raised || item.request_id;
        END IF;
      END IF;
      CONTINUE;
    END IF;
    IF item.account IS NULL THEN
      outcomes[item.place] := 7;
      CONTINUE;
    END IF;
    IF item.open_provider <> item.provider OR item.open_price <> item.price_id THEN
      outcomes[item.place] := 5;
      CONTINUE;
    END IF;
    IF item.fee > item.amount THEN
      outcomes[item.place] := 8;
      CONTINUE;
    END IF;

    slot := array_position(head_sessions, item.session);
    IF slot IS NULL THEN
      IF item.sequence <> 0 THEN
        outcomes[item.place] := 2;
        CONTINUE;
      END IF;
      slot := cardinality(head_sessions) + 1;
      head_sessions := head_sessions || item.session;
      head_providers := head_providers || item.provider;
      head_consumers := head_consumers || item.consumer;
    ELSIF head_providers[slot] <> item.provider OR head_consumers[slot] <> item.consumer OR item.sequence <= head_sequences[slot] THEN
      outcomes[item.place] := 3;
      CONTINUE;
    ELSIF item.sequence > head_sequences[slot] + 1 THEN
      outcomes[item.place] := 2;
      CONTINUE;
    ELSIF item.previous <> head_receipts[slot] OR item.epoch < head_epochs[slot]
      OR (item.epoch = head_epochs[slot] AND item.key <> head_keys[slot]) THEN
      outcomes[item.place] := 3;
      CONTINUE;
    END IF;
    head_sequences[slot] := item.sequence;
    head_receipts[slot] := item.receipt_id;
    head_keys[slot] := item.key;
    head_epochs[slot] := item.epoch;
    events[item.place] := nextval('outbox_id_seq');
    paid_accounts := paid_accounts || item.account;
    paid_payees := paid_payees || item.payee;
    released := released || -item.amount;
    fees := fees || item.fee;
  END LOOP;

  IF cardinality(raised) > 0 THEN
    UPDATE settlements SET relayed = true WHERE request_id = ANY (raised);
  END IF;
  IF cardinality(fees) = 0 THEN
    RETURN;
  END IF;

  WITH paid AS (
    SELECT wanted.*, place::int * 393 AS upto
    FROM unnest(request_ids, events, outcomes, starts, p_receipt_sizes, p_fees, p_relayed, p_attempts, p_settled_at)
      WITH ORDINALITY AS wanted (request_id, event, outcome, receipt_at, receipt_size, fee, relayed, attempts, settled_at, place)
    WHERE outcome = 0 ORDER BY request_id
  ), closed AS (
    DELETE FROM reservations USING paid WHERE reservations.request_id = paid.request_id
    RETURNING reservations.*, paid.event, paid.receipt_at, paid.receipt_size, paid.fee, paid.relayed, paid.attempts AS all_attempts,
      paid.settled_at, paid.upto
  )
  INSERT INTO settlements (request_id, account, payee, provider, provider_name, subject, price_id, certificate_id, amount, model, endpoint,
    request_digest, request_bytes, relayed_by, delivered_digest, delivered_bytes, attempts, reserved_at, expires_at, state, closed_at,
    receipt_id, fee, receipt_content, receipt_signature, openings, relayed, event)
  SELECT request_id, account, payee, provider, provider_name, subject, price_id, certificate_id, amount, model, endpoint,
    request_digest, request_bytes, relayed_by, delivered_digest, delivered_bytes, all_attempts::json, reserved_at, expires_at, 'settled',
    settled_at, substring(p_ids FROM upto - 308 FOR 32), fee, substring(p_bytes FROM receipt_at + 1 FOR receipt_size),
    substring(p_ids FROM upto - 192 FOR 65), substring(p_ids FROM upto - 127 FOR 128), relayed, event
  FROM closed;
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written <> cardinality(fees) THEN
    RAISE serialization_failure USING MESSAGE = 'a reservation was closed meanwhile';
  END IF;

  INSERT INTO outbox (id, message_id, subject, payload, settled_at)
  SELECT event, '0x' || encode(substring(p_ids FROM place::int * 393 - 308 FOR 32), 'hex'), subject,
    substring(p_bytes FROM receipt_at + receipt_size + 1 FOR event_size), settled_at
  FROM unnest(events, p_subjects, starts, p_receipt_sizes, p_event_sizes, p_settled_at)
    WITH ORDINALITY AS paid (event, subject, receipt_at, receipt_size, event_size, settled_at, place)
  WHERE event IS NOT NULL;

  -- A session that had no row may have got one from another replica, whose receipts this batch has not seen.
  INSERT INTO sessions
  SELECT session, provider, consumer, sequence, receipt_id, key, epoch
  FROM unnest(head_sessions, head_providers, head_consumers, head_sequences, head_receipts, head_keys, head_epochs) WITH ORDINALITY
    AS begun (session, provider, consumer, sequence, receipt_id, key, epoch, place)
  WHERE place > heads_found ORDER BY session
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS written = ROW_COUNT;
  IF written <> cardinality(head_sessions) - heads_found THEN
    RAISE serialization_failure USING MESSAGE = 'a session was begun meanwhile';
  END IF;
  UPDATE sessions SET sequence = moved.sequence, receipt_id = moved.receipt_id, key = moved.key, epoch = moved.epoch
  FROM unnest(head_sessions[:heads_found], head_sequences[:heads_found], head_receipts[:heads_found], head_keys[:heads_found],
    head_epochs[:heads_found]) AS moved (session, sequence, receipt_id, key, epoch)
  WHERE sessions.session = moved.session AND sessions.sequence <> moved.sequence;

  PERFORM move_balances(paid_accounts, released, fees, paid_payees, released, fees);
END $$;

-- Settles one receipt in few statements, as long as nothing is against it: answers false, having done nothing, when the request is not open
-- under these terms or the receipt is not the next of its session, and settle_requests finds out why.
CREATE FUNCTION settle_request(
  p_request_id bytea, p_provider bytea, p_price_id bytea, p_receipt_id bytea, p_session bytea, p_sequence numeric, p_previous bytea,
  p_key bytea, p_epoch numeric, p_fee numeric, p_content bytea, p_signature bytea, p_openings bytea, p_relayed boolean, p_attempts text,
  p_subject text, p_payload bytea, p_settled_at bigint
) RETURNS boolean LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  open record;
BEGIN
  SELECT account, payee, amount, consumer INTO open FROM reservations JOIN accounts ON accounts.id = account
  WHERE request_id = p_request_id AND provider = p_provider AND price_id = p_price_id AND amount >= p_fee
  FOR UPDATE OF reservations;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  IF p_sequence = 0 THEN
    INSERT INTO sessions VALUES (p_session, p_provider, open.consumer, p_sequence, p_receipt_id, p_key, p_epoch) ON CONFLICT DO NOTHING;
  ELSE
    UPDATE sessions SET sequence = p_sequence, receipt_id = p_receipt_id, key = p_key, epoch = p_epoch
    WHERE session = p_session AND provider = p_provider AND consumer = open.consumer AND sequence = p_sequence - 1
      AND receipt_id = p_previous AND (epoch < p_epoch OR (epoch = p_epoch AND key = p_key));
  END IF;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  WITH closed AS (
    DELETE FROM reservations WHERE request_id = p_request_id RETURNING *
  ), event AS (
    INSERT INTO outbox (message_id, subject, payload, settled_at)
    VALUES ('0x' || encode(p_receipt_id, 'hex'), p_subject, p_payload, p_settled_at) RETURNING id
  )
  INSERT INTO settlements (request_id, account, payee, provider, provider_name, subject, price_id, certificate_id, amount, model, endpoint,
    request_digest, request_bytes, relayed_by, delivered_digest, delivered_bytes, attempts, reserved_at, expires_at, state, closed_at,
    receipt_id, fee, receipt_content, receipt_signature, openings, relayed, event)
  SELECT request_id, account, payee, provider, provider_name, subject, price_id, certificate_id, amount, model, endpoint,
    request_digest, request_bytes, relayed_by, delivered_digest, delivered_bytes, p_attempts::json, reserved_at, expires_at, 'settled',
    p_settled_at, p_receipt_id, p_fee, p_content, p_signature, p_openings, p_relayed, event.id
  FROM closed, event;
  UPDATE accounts SET debits_pending = debits_pending - open.amount, debits_posted = debits_posted + p_fee WHERE id = open.account;
  UPDATE accounts SET credits_pending = credits_pending - open.amount, credits_posted = credits_posted + p_fee WHERE id = open.payee;
  RETURN true;
END $$;

-- Gives reservations back; `p_relayed_by` and `p_expired_at`, where not null, are conditions. Answers the request ids that were voided.
CREATE FUNCTION void_requests(
  p_request_ids bytea[], p_relayed_by text[], p_expired_at bigint, p_reasons text[], p_attempts text[], p_voided_at bigint[]
) RETURNS bytea[] LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
  voided bytea[];
  accounts_voided bigint[];
  payees_voided bigint[];
  released numeric[];
BEGIN
  PERFORM 1 FROM reservations WHERE request_id = ANY (p_request_ids) ORDER BY request_id FOR UPDATE;
  WITH closed AS (
    DELETE FROM reservations USING (
      SELECT * FROM unnest(p_request_ids, p_relayed_by, p_reasons, p_attempts, p_voided_at)
        AS wanted (request_id, relayed_by, reason, all_attempts, voided_at) ORDER BY request_id
    ) AS wanted
    WHERE reservations.request_id = wanted.request_id
      AND (wanted.relayed_by IS NULL OR reservations.relayed_by = wanted.relayed_by)
      AND (p_expired_at IS NULL OR reservations.expires_at <= p_expired_at)
    RETURNING reservations.*, wanted.reason, wanted.all_attempts, wanted.voided_at
  ), kept AS (
    INSERT INTO settlements (request_id, account, payee, provider, provider_name, subject, price_id, certificate_id, amount, model, endpoint,
      request_digest, request_bytes, relayed_by, delivered_digest, delivered_bytes, attempts, reserved_at, expires_at, state, void_reason,
      closed_at)
    SELECT request_id, account, payee, provider, provider_name, subject, price_id, certificate_id, amount, model, endpoint,
      request_digest, request_bytes, relayed_by, delivered_digest, delivered_bytes, coalesce(all_attempts::json, attempts), reserved_at,
      expires_at, 'voided', reason, voided_at
    FROM closed
  )
  SELECT coalesce(array_agg(request_id), '{}'), array_agg(account), array_agg(payee), array_agg(-amount)
  INTO voided, accounts_voided, payees_voided, released FROM closed;
  IF cardinality(voided) > 0 THEN
    PERFORM move_balances(accounts_voided, released, array_fill(0::numeric, ARRAY[cardinality(voided)]),
      payees_voided, released, array_fill(0::numeric, ARRAY[cardinality(voided)]));
  END IF;
  RETURN voided;
END $$;

-- Moves an open, relayed reservation to other terms. Outcomes: 0 repointed, 1 closed, 3 insufficient funds (then `available` counts what the
-- reservation itself sets aside).
CREATE FUNCTION repoint_request(
  p_request_id bytea, p_payee bigint, p_provider bytea, p_provider_name text, p_subject bytea, p_price_id bytea, p_certificate_id bytea,
  p_amount numeric, p_attempts text, OUT outcome int, OUT available numeric, OUT budget bigint
) LANGUAGE plpgsql AS $$
DECLARE
  open reservations;
BEGIN
  outcome := 1;
  SELECT * INTO open FROM reservations WHERE request_id = p_request_id AND relayed_by IS NOT NULL FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  budget := open.account;
  SELECT credits_posted - debits_posted - debits_pending INTO available FROM accounts WHERE id = budget FOR NO KEY UPDATE;
  available := available + open.amount;
  IF available < p_amount THEN
    outcome := 3;
    RETURN;
  END IF;
  UPDATE reservations SET payee = p_payee, provider = p_provider, provider_name = p_provider_name, subject = p_subject,
    price_id = p_price_id, certificate_id = p_certificate_id, amount = p_amount, attempts = p_attempts::json
  WHERE request_id = p_request_id;
  PERFORM move_balances(ARRAY[budget], ARRAY[p_amount - open.amount], ARRAY[0::numeric],
    ARRAY[open.payee, p_payee], ARRAY[-open.amount, p_amount], ARRAY[0::numeric, 0::numeric]);
  outcome := 0;
END $$;

-- Notes the places of receipts in the log and drops their events; receipts that are not known are skipped.
CREATE FUNCTION mark_logged(p_receipt_ids bytea[], p_indexes bigint[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  WITH placed AS (
    INSERT INTO logged (event, log_index)
    SELECT settlements.event, place.log_index
    FROM unnest(p_receipt_ids, p_indexes) AS place (receipt_id, log_index) JOIN settlements ON settlements.receipt_id = place.receipt_id
    ON CONFLICT DO NOTHING
    RETURNING event
  )
  DELETE FROM outbox USING placed WHERE outbox.id = placed.event;
END $$;
