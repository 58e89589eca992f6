-- What a turn changes. The ends, additions and claims of many jobs come as arrays, all other changes one by one, in their order; each must affect as many rows as it says.

-- 'JS001': another node has taken the term. 'JS002': rows and memory disagree.
CREATE FUNCTION turn_rest(
  o_kind integer[], o_least integer[], o_a bigint[], o_b bigint[], o_c bigint[], o_d bigint[], o_e bigint[], o_f bigint[], o_g bigint[], o_h bigint[], o_i bigint[],
  o_j bigint[], o_t text[], o_u text[], o_v text[], o_x bytea[], o_n double precision[])
RETURNS text[] LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = auto
AS $$
DECLARE
  o record;
  n bigint;
  receiver text;
  due text[] := '{}';
BEGIN
  FOR o IN
    SELECT * FROM unnest(o_kind, o_least, o_a, o_b, o_c, o_d, o_e, o_f, o_g, o_h, o_i, o_j, o_t, o_u, o_v, o_x, o_n)
                  AS change (kind, least, a, b, c, d, e, f, g, h, i, j, t, u, v, x, n)
  LOOP
    CASE o.kind
      WHEN 1 THEN -- a limit's state
        INSERT INTO limit_states AS s (name, key, taken_until, paused_until, factor, factor_at, paced_until, is_quick) VALUES (o.t, o.u, o.a, o.b, o.n, o.c, o.d, o.e = 1)
        ON CONFLICT (name, key) DO UPDATE SET taken_until = o.a, paused_until = o.b, factor = o.n, factor_at = o.c, paced_until = o.d, is_quick = o.e = 1;
      WHEN 2 THEN -- a queue's counts
        INSERT INTO queue_counts VALUES (o.a, o.b, o.c, o.d, o.e, o.f)
        ON CONFLICT (queue_id) DO UPDATE SET queued_count = o.b, running_count = o.c, succeeded_count = o.d, failed_count = o.e, cancelled_count = o.f;
      WHEN 3 THEN -- the clock
        INSERT INTO clock VALUES (1, o.a, o.b, o.c, o.t)
        ON CONFLICT (id) DO UPDATE SET store_time = o.a, wall_time = o.b, stopwatch = o.c, boot_id = o.t;
      WHEN 4 THEN -- requeued: only where the lease still holds
        UPDATE active_jobs SET state = 0, lease = NULL, started_at = o.c, due_at = o.d, due_on_wall = false, failures = failures + o.e, attempt = attempt - o.f, parked = o.i,
               throttled_since = CASE o.g WHEN 0 THEN NULL WHEN 1 THEN COALESCE(throttled_since, o.h) ELSE throttled_since END
        WHERE  stamp = o.a AND lease = o.b;
      WHEN 5 THEN -- an attempt
        INSERT INTO attempts VALUES (o.a, o.b, o.c, o.d, o.e, o.t)
        ON CONFLICT (stamp, number) DO UPDATE SET started_at = o.c, ended_at = o.d, status = o.e, outcome = o.t;
      WHEN 6 THEN -- an error
        INSERT INTO errors VALUES (o.a, o.t, o.b, o.u, o.v)
        ON CONFLICT (stamp) DO UPDATE SET type = o.t, status = o.b, detail = o.u, headers = o.v;
      WHEN 7 THEN -- placed
        UPDATE active_jobs SET parked = o.b, signal = NULL WHERE stamp = o.a AND state = 0;
      WHEN 8 THEN -- came due
        UPDATE active_jobs SET due_at = NULL, due_on_wall = false, parked = o.b, signal = CASE WHEN o.b > 0 THEN signal END WHERE stamp = o.a AND state = 0;
      WHEN 9 THEN -- a start in a window
        INSERT INTO window_starts VALUES (o.t, o.u, o.a, o.b) ON CONFLICT (name, key, at) DO UPDATE SET weight = o.b;
      WHEN 10 THEN
        DELETE FROM window_starts WHERE name = o.t AND key = o.u AND at = o.a;
      WHEN 11 THEN
        DELETE FROM window_starts WHERE name = o.t AND key = o.u AND at < o.a;
      WHEN 12 THEN -- a batch's counts
        UPDATE batches SET is_open = o.b = 1, cancel_reason = o.c, stop_from = o.d, finished_at = o.e, total_count = o.f, succeeded_count = o.g, failed_count = o.h,
               cancelled_count = o.i, last_completion = o.j
        WHERE  stamp = o.a;
      WHEN 13 THEN
        INSERT INTO batches (stamp, salt, queue, cancel_on_failure, is_open, created_at, idempotency) VALUES (o.a, o.b, o.t, o.c = 1, true, o.d, o.u);
      WHEN 14 THEN
        DELETE FROM idempotency WHERE key = o.t;
        DELETE FROM batches WHERE stamp = o.a;
      WHEN 15 THEN -- told to stop; the first reason stays
        UPDATE active_jobs SET cancel_reason = COALESCE(cancel_reason, o.b) WHERE stamp = o.a AND state = 1;
      WHEN 16 THEN -- reopened
        WITH former AS (DELETE FROM ended_jobs WHERE stamp = o.a AND state IN (3, 4) RETURNING *)
        INSERT INTO active_jobs (stamp, salt, queue_id, created_at, started_at, start_before, parked, timeout_ms, batch, state, rank, weight, attempt, failures, max_attempts,
                                 batch_index, due_on_wall, has_callback, key, lock, signal, weights)
        SELECT stamp, salt, queue_id, created_at, started_at, CASE WHEN start_before <= o.b THEN NULL ELSE start_before END, o.c, timeout_ms, batch, 0, rank, weight, attempt, 0, max_attempts,
               batch_index, false, has_callback, key, lock, CASE WHEN o.c > 0 THEN signal END, weights
        FROM   former;
      WHEN 17 THEN -- the number of an end in its batch
        UPDATE ended_jobs SET completion = o.b WHERE stamp = o.a;
      WHEN 18 THEN -- a finished job is deleted
        DELETE FROM tags USING bodies b WHERE b.stamp = o.a AND b.tags IS NOT NULL AND tags.stamp = o.a AND tags.tag IN (SELECT each.key || ':' || each.value FROM json_each_text(b.tags::json) each);
        DELETE FROM idempotency USING bodies b WHERE b.stamp = o.a AND idempotency.key = b.idempotency;
        DELETE FROM attempts WHERE stamp = o.a;
        DELETE FROM errors WHERE stamp = o.a;
        DELETE FROM results WHERE stamp = o.a;
        DELETE FROM bodies WHERE stamp = o.a;
        DELETE FROM ended_jobs WHERE stamp = o.a;
      WHEN 19 THEN
        INSERT INTO signals VALUES (o.t, o.a, o.b) ON CONFLICT (name) DO UPDATE SET set_count = o.a, set_at = o.b;
      WHEN 20 THEN
        DELETE FROM signals WHERE name = o.t;
      WHEN 21 THEN
        INSERT INTO limits (name, definition, revision, from_configuration, declared) VALUES (o.t, o.u, o.a, o.b = 1, o.v)
        ON CONFLICT (name) DO UPDATE SET definition = o.u, revision = o.a, from_configuration = o.b = 1, declared = o.v;
      WHEN 22 THEN
        DELETE FROM limits WHERE name = o.t;
      WHEN 23 THEN
        INSERT INTO queues AS q (id, name, definition, paused, revision, from_configuration, declared) VALUES (o.a, o.t, o.u, o.b = 1, o.c, o.d = 1, o.v)
        ON CONFLICT (name) DO UPDATE SET definition = o.u, paused = o.b = 1, revision = o.c, from_configuration = o.d = 1, declared = o.v, deleted = false WHERE q.id = o.a;
      WHEN 24 THEN
        UPDATE queues SET deleted = true WHERE id = o.a;
      WHEN 25 THEN -- what a lane has learned
        INSERT INTO paused_lanes VALUES (o.a, o.t, o.b, o.n, o.c) ON CONFLICT (queue_id, key) DO UPDATE SET paused_until = o.b, pace = o.n, slowed_at = o.c;
      WHEN 26 THEN
        DELETE FROM paused_lanes WHERE queue_id = o.a AND (o.t IS NULL OR key = o.t);
      WHEN 27 THEN
        DELETE FROM paused_lanes WHERE paused_until <= o.a AND (pace IS NULL OR slowed_at <= o.b);
      WHEN 28 THEN
        UPDATE probes SET at = o.a;
      WHEN 29 THEN -- all states of a limit
        DELETE FROM limit_states WHERE name = o.t;
        DELETE FROM window_starts WHERE name = o.t;
      WHEN 30 THEN
        DELETE FROM limit_states WHERE name = o.t AND key = o.u;
      WHEN 31 THEN
        INSERT INTO callbacks VALUES (o.a, o.t, o.u, o.v);
      WHEN 32, 33 THEN -- an event of a job, or of a batch; disabled from the start when the receiver has responded with 410
        receiver := NULL;
        INSERT INTO deliveries (stamp, salt, subject, type, origin, created_at, state, next_at, ending)
        SELECT o.a, o.b, o.c, o.t, c.origin, o.d, CASE WHEN u.url IS NULL THEN 0 ELSE 3 END, CASE WHEN u.url IS NULL THEN o.d END,
               COALESCE(o.u, (
                 SELECT json_build_object('state', j.state, 'attempt', j.attempt, 'finishedAt', j.finished_at, 'cancelReason', CASE WHEN j.state = 4 THEN j.cancel_reason END,
                                          'errorType', e.type, 'errorStatus', e.status, 'errorDetail', e.detail)::text
                 FROM   ended_jobs j LEFT JOIN errors e ON e.stamp = j.stamp AND j.state <> 2 WHERE j.stamp = o.c))
        FROM   callbacks c LEFT JOIN disabled_urls u ON u.url = c.url WHERE c.stamp = o.c
        RETURNING CASE state WHEN 0 THEN origin END INTO receiver;
        GET DIAGNOSTICS n = ROW_COUNT;
        IF receiver IS NOT NULL THEN
          due := due || receiver;
        END IF;
      WHEN 34 THEN -- a try
        UPDATE deliveries SET tries = tries + 1, body = COALESCE(body, o.x) WHERE stamp = o.a;
        INSERT INTO delivery_tries SELECT stamp, tries, o.b, o.c, o.d, o.t FROM deliveries WHERE stamp = o.a;
      WHEN 35 THEN -- settled; one that has arrived is delivered, even if it was disabled meanwhile
        UPDATE deliveries SET state = o.b, next_at = o.c, failures = failures + (o.b <> 1)::integer WHERE stamp = o.a AND (state = 0 OR (state = 3 AND o.b = 1));
      WHEN 36 THEN
        UPDATE deliveries SET state = 0, next_at = o.b, failures = 0 WHERE stamp = o.a;
      WHEN 37 THEN
        UPDATE deliveries d SET state = 3, next_at = NULL FROM callbacks c JOIN disabled_urls u ON u.url = c.url WHERE d.stamp = o.a AND d.state = 0 AND c.stamp = d.subject;
      WHEN 38 THEN
        INSERT INTO disabled_urls SELECT c.url, o.b FROM deliveries d JOIN callbacks c ON c.stamp = d.subject WHERE d.stamp = o.a ON CONFLICT (url) DO UPDATE SET at = o.b;
      WHEN 39 THEN
        DELETE FROM disabled_urls WHERE url = (SELECT url FROM callbacks WHERE stamp = o.a);
      WHEN 40 THEN
        DELETE FROM disabled_urls WHERE at < o.a;
      WHEN 41 THEN
        DELETE FROM delivery_tries WHERE delivery IN (SELECT stamp FROM deliveries WHERE subject = o.a);
        DELETE FROM deliveries WHERE subject = o.a;
        DELETE FROM callbacks WHERE stamp = o.a;
      WHEN 42 THEN -- store time has jumped by a ticks; a value above b is not a time
        UPDATE limit_states SET taken_until  = CASE WHEN taken_until  BETWEEN 1 AND o.b THEN taken_until  + o.a ELSE taken_until  END,
                                paused_until = CASE WHEN paused_until BETWEEN 1 AND o.b THEN paused_until + o.a ELSE paused_until END,
                                paced_until  = CASE WHEN paced_until  BETWEEN 1 AND o.b THEN paced_until  + o.a ELSE paced_until  END,
                                factor_at    = CASE WHEN factor_at    BETWEEN 1 AND o.b THEN factor_at    + o.a ELSE factor_at    END;
        -- In two steps: otherwise one row would collide with the next, which has not moved yet.
        UPDATE window_starts SET at = -(at + o.a) WHERE at BETWEEN 1 AND o.b;
        UPDATE window_starts SET at = -at WHERE at < 0;
        UPDATE paused_lanes SET paused_until = CASE WHEN paused_until BETWEEN 1 AND o.b THEN paused_until + o.a ELSE paused_until END,
                                slowed_at    = CASE WHEN slowed_at    BETWEEN 1 AND o.b THEN slowed_at    + o.a ELSE slowed_at    END;
        UPDATE active_jobs SET due_at = due_at + o.a WHERE due_at BETWEEN 1 AND o.b AND NOT due_on_wall AND state = 0;
        UPDATE active_jobs SET started_at = started_at + o.a WHERE state = 1 AND started_at BETWEEN 1 AND o.b;
        UPDATE active_jobs SET throttled_since = throttled_since + o.a WHERE throttled_since BETWEEN 1 AND o.b;
        UPDATE deliveries SET next_at = next_at + o.a WHERE state = 0 AND next_at BETWEEN 1 AND o.b;
    END CASE;
    IF o.kind NOT IN (32, 33) THEN
      GET DIAGNOSTICS n = ROW_COUNT;
    END IF;
    IF n < o.least THEN
      RAISE EXCEPTION 'Rows and memory disagree: change % of % has affected % of % rows.', o.kind, COALESCE(o.a::text, o.t), n, o.least USING ERRCODE = 'JS002';
    END IF;
  END LOOP;
  RETURN due;
END $$;

CREATE FUNCTION turn_part(
  epoch bigint, e_stamp bigint[], e_lease bigint[], e_state integer[], e_started bigint[], e_finished bigint[], e_failures integer[], e_attempts integer[],
  e_reason integer[], e_completion bigint[], r_stamp bigint[], r_status integer[], r_type text[], r_headers text[], r_body bytea[], i_stamp bigint[], i_salt bigint[],
  i_queue bigint[], i_created bigint[], i_due bigint[], i_start_before bigint[], i_parked bigint[], i_timeout bigint[], i_batch bigint[], i_not_before bigint[],
  i_rank integer[], i_weight integer[], i_max_attempts integer[], i_batch_index integer[], i_on_wall boolean[], i_callback boolean[], i_key text[], i_lock text[],
  i_signal text[], i_weights text[], i_request text[], i_tags text[], i_idempotency text[], i_payload bytea[], i_request_body bytea[], t_stamp bigint[], t_tag text[],
  k_key text[], k_fingerprint bytea[], k_stamp bigint[], c_stamp bigint[], c_lease bigint[], c_started bigint[], o_kind integer[], o_least integer[], o_a bigint[],
  o_b bigint[], o_c bigint[], o_d bigint[], o_e bigint[], o_f bigint[], o_g bigint[], o_h bigint[], o_i bigint[], o_j bigint[], o_t text[], o_u text[], o_v text[],
  o_x bytea[], o_n double precision[])
RETURNS text[] LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET plan_cache_mode = force_custom_plan
AS $$
DECLARE
  n bigint;
  due text[] := '{}';
BEGIN
  -- A taker of the term raises the epoch under a lock that this waits for, and which waits for this.
  PERFORM 1 FROM terms t WHERE t.shard = 0 AND t.epoch = turn_part.epoch FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'Another node has taken the term.' USING ERRCODE = 'JS001';
  END IF;

  IF cardinality(e_stamp) > 0 THEN
    -- Only the attempt that still holds the lease may end (a queued job has none, here 0); a late one changes nothing.
    WITH change AS (
      SELECT * FROM unnest(e_stamp, e_lease, e_state, e_started, e_finished, e_failures, e_attempts, e_reason, e_completion)
                    AS change (stamp, lease, state, started_at, finished_at, failures, attempts, reason, completion)),
    former AS (
      DELETE FROM active_jobs a USING change c WHERE a.stamp = c.stamp AND ((c.lease > 0 AND a.lease = c.lease) OR (c.lease = 0 AND a.state = 0))
      RETURNING a.stamp, a.salt, a.queue_id, a.created_at, CASE WHEN c.lease = 0 THEN a.started_at ELSE c.started_at END, c.finished_at, a.start_before, a.timeout_ms, a.batch, c.completion,
                c.state, a.rank, a.weight, a.attempt - c.attempts, a.failures + c.failures, a.max_attempts, a.batch_index, c.reason, a.has_callback, a.key, a.lock, a.signal, a.weights)
    INSERT INTO ended_jobs (stamp, salt, queue_id, created_at, started_at, finished_at, start_before, timeout_ms, batch, completion, state, rank, weight, attempt, failures, max_attempts,
                            batch_index, cancel_reason, has_callback, key, lock, signal, weights)
    SELECT * FROM former;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n < cardinality(e_stamp) THEN
      RAISE EXCEPTION 'Rows and memory disagree: % of % jobs have ended.', n, cardinality(e_stamp) USING ERRCODE = 'JS002';
    END IF;
  END IF;

  IF cardinality(r_stamp) > 0 THEN
    INSERT INTO results (stamp, status, content_type, headers, body)
    SELECT * FROM unnest(r_stamp, r_status, r_type, r_headers, r_body);
  END IF;

  IF cardinality(i_stamp) > 0 THEN
    INSERT INTO active_jobs (stamp, salt, queue_id, created_at, due_at, start_before, parked, timeout_ms, batch, state, rank, weight, attempt, failures, max_attempts, batch_index,
                             due_on_wall, has_callback, key, lock, signal, weights)
    SELECT stamp, salt, queue_id, created_at, due_at, start_before, parked, timeout_ms, batch, 0, rank, weight, 0, 0, max_attempts, batch_index, on_wall, has_callback, key, lock, signal, weights
    FROM   unnest(i_stamp, i_salt, i_queue, i_created, i_due, i_start_before, i_parked, i_timeout, i_batch, i_rank, i_weight, i_max_attempts, i_batch_index, i_on_wall, i_callback,
                  i_key, i_lock, i_signal, i_weights)
           AS job (stamp, salt, queue_id, created_at, due_at, start_before, parked, timeout_ms, batch, rank, weight, max_attempts, batch_index, on_wall, has_callback, key, lock, signal, weights);
    INSERT INTO bodies (stamp, not_before, payload, request, request_body, tags, idempotency)
    SELECT * FROM unnest(i_stamp, i_not_before, i_payload, i_request, i_request_body, i_tags, i_idempotency);
  END IF;

  IF cardinality(t_stamp) > 0 THEN
    INSERT INTO tags (stamp, tag) SELECT * FROM unnest(t_stamp, t_tag);
  END IF;

  IF cardinality(k_key) > 0 THEN
    INSERT INTO idempotency (key, fingerprint, stamp) SELECT * FROM unnest(k_key, k_fingerprint, k_stamp);
  END IF;

  IF cardinality(o_kind) > 0 THEN
    due := turn_rest(o_kind, o_least, o_a, o_b, o_c, o_d, o_e, o_f, o_g, o_h, o_i, o_j, o_t, o_u, o_v, o_x, o_n);
  END IF;

  IF cardinality(c_stamp) > 0 THEN
    UPDATE active_jobs a SET state = 1, attempt = attempt + 1, lease = c.lease, started_at = c.started_at
    FROM   unnest(c_stamp, c_lease, c_started) AS c (stamp, lease, started_at)
    WHERE  a.stamp = c.stamp AND a.state = 0 AND a.due_at IS NULL AND a.parked IS NULL;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n < cardinality(c_stamp) THEN
      RAISE EXCEPTION 'Rows and memory disagree: % of % jobs were claimed.', n, cardinality(c_stamp) USING ERRCODE = 'JS002';
    END IF;
  END IF;

  RETURN due;
END $$;

-- A whole turn in one statement, which commits by itself: a client that is stopped or vanishes in the middle of sending it holds no lock.
CREATE PROCEDURE turn(
  epoch bigint, e_stamp bigint[], e_lease bigint[], e_state integer[], e_started bigint[], e_finished bigint[], e_failures integer[], e_attempts integer[],
  e_reason integer[], e_completion bigint[], r_stamp bigint[], r_status integer[], r_type text[], r_headers text[], r_body bytea[], i_stamp bigint[], i_salt bigint[],
  i_queue bigint[], i_created bigint[], i_due bigint[], i_start_before bigint[], i_parked bigint[], i_timeout bigint[], i_batch bigint[], i_not_before bigint[],
  i_rank integer[], i_weight integer[], i_max_attempts integer[], i_batch_index integer[], i_on_wall boolean[], i_callback boolean[], i_key text[], i_lock text[],
  i_signal text[], i_weights text[], i_request text[], i_tags text[], i_idempotency text[], i_payload bytea[], i_request_body bytea[], t_stamp bigint[], t_tag text[],
  k_key text[], k_fingerprint bytea[], k_stamp bigint[], c_stamp bigint[], c_lease bigint[], c_started bigint[], o_kind integer[], o_least integer[], o_a bigint[],
  o_b bigint[], o_c bigint[], o_d bigint[], o_e bigint[], o_f bigint[], o_g bigint[], o_h bigint[], o_i bigint[], o_j bigint[], o_t text[], o_u text[], o_v text[],
  o_x bytea[], o_n double precision[],
  INOUT due text[])
LANGUAGE plpgsql
AS $$
BEGIN
  due := turn_part(epoch, e_stamp, e_lease, e_state, e_started, e_finished, e_failures, e_attempts, e_reason, e_completion, r_stamp, r_status, r_type, r_headers, r_body, i_stamp, i_salt, i_queue, i_created, i_due, i_start_before, i_parked, i_timeout, i_batch, i_not_before, i_rank, i_weight, i_max_attempts, i_batch_index, i_on_wall, i_callback, i_key, i_lock, i_signal, i_weights, i_request, i_tags, i_idempotency, i_payload, i_request_body, t_stamp, t_tag, k_key, k_fingerprint, k_stamp, c_stamp, c_lease, c_started, o_kind, o_least, o_a, o_b, o_c, o_d, o_e, o_f, o_g, o_h, o_i, o_j, o_t, o_u, o_v, o_x, o_n);
  COMMIT;
END $$;
