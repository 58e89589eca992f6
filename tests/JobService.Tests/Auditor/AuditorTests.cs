using JobService.Auditor;

namespace JobService.Tests.Auditor;

/// <summary>For each promise a small history that keeps it, and the same with one line that breaks it.</summary>
public sealed class AuditorTests
{
    private static readonly Event[] oneJob =
    [
        new QueueDefined("q", [], 2),
        new Submit(1, 1, "q", IdempotencyKey: "once") { At = 10 },
        new Submitted(1, 202, "a") { At = 20 },
        new Arrived(1, "a", 1, "\"a\"") { At = 30 },
        new Answered(1, 200, "{1}") { At = 40 },
        new Seen("a", "succeeded", "t1", "{1}") { At = 50 },
        new JobAtEnd("a", 1, "succeeded", Attempt: 1, Failures: 0, "t1", Result: "{1}") { At = 9_000 },
    ];

    [Fact]
    public void A_job_that_is_called_once_and_ends_once_keeps_all_promises() => Assert.Empty(Check(oneJob));

    [Fact]
    public void An_accepted_job_that_is_not_in_the_database_is_lost() =>
        AssertBroken(1, "accepted and is lost", Check(oneJob.Where(happened => happened is not (JobAtEnd or Seen))));

    [Fact]
    public void A_job_that_still_waits_at_the_end_is_lost() =>
        AssertBroken(1, "never ended", Check([.. WithEnd(end => end with { State = "queued", FinishedAt = null, Result = null })]));

    [Fact]
    public void A_submission_without_a_response_may_become_a_job_or_not()
    {
        Event[] unanswered = [.. oneJob, new Submit(2, 2, "q") { At = 60 }];

        Assert.Empty(Check(unanswered));
        Assert.Empty(Check([.. unanswered, .. Succeeded("b", 2, 70)]));
    }

    [Fact]
    public void An_idempotency_key_has_one_job()
    {
        Event[] again = [.. oneJob, new Submit(2, 1, "q", IdempotencyKey: "once") { At = 60 }];

        Assert.Empty(Check([.. again, new Submitted(2, 202, "a") { At = 70 }]));
        AssertBroken(1, "more than one job", Check([.. again, new Submitted(2, 202, "b") { At = 70 }, .. Succeeded("b", 1, 80)]));
        AssertBroken(1, "One submission became 2 jobs", Check([.. again, .. Succeeded("b", 1, 80)]));
    }

    [Fact]
    public void An_end_that_was_seen_does_not_change() =>
        AssertBroken(2, "ended in another way", Check(WithEnd(end => end with { FinishedAt = "t2" })));

    [Fact]
    public void A_job_whose_end_was_seen_is_not_called_again() =>
        AssertBroken(2, "after its end had been seen", Check([.. oneJob, new Kill(0) { At = 45 }, new Arrived(2, "a", 2, "a") { At = 60 }]));

    [Fact]
    public void The_result_is_that_of_the_last_attempt()
    {
        IEnumerable<Event> Twice(string result) =>
        [
            .. oneJob[..5],
            new Kill(0) { At = 41 },
            new Arrived(2, "a", 2, "a") { At = 60 },
            new Answered(2, 200, "{2}") { At = 70 },
            new JobAtEnd("a", 1, "succeeded", Attempt: 2, Failures: 1, "t1", Result: result),
        ];

        Assert.Empty(Check(Twice("{2}")));
        AssertBroken(2, "has the result of attempt 1", Check(Twice("{1}")));
        AssertBroken(2, "no call of it was given", Check(Twice("{3}")));
    }

    [Fact]
    public void An_attempt_is_on_the_wire_once() =>
        AssertBroken(3, "on the wire 2 times", Check([.. oneJob[..4], new Arrived(2, "a", 1, "a") { At = 31 }, .. oneJob[4..]]));

    [Fact]
    public void A_success_is_repeated_only_after_a_kill() =>
        AssertBroken(3, "called again after a success", Check(
        [
            .. oneJob[..5], new Arrived(2, "a", 2, "a") { At = 60 }, new Answered(2, 200, "{2}") { At = 70 },
            new JobAtEnd("a", 1, "succeeded", Attempt: 2, Failures: 0, "t1", Result: "{2}"),
        ]));

    [Fact]
    public void Every_attempt_that_is_counted_was_on_the_wire_unless_a_kill_came_between()
    {
        var counted = WithEnd(end => end with { Attempt = 2 }).Where(happened => happened is not Answered);

        AssertBroken(3, "counts 2 attempts, and 1 calls arrived", Check(counted));
        Assert.DoesNotContain(Check([.. counted, new Kill(0) { At = 35 }]), finding => finding.Promise == 3);
    }

    [Theory]
    [InlineData(1_001, false)]
    [InlineData(1_000, false)]
    [InlineData(999.9, true)]
    public void A_window_holds_its_permits_at_any_offset(double third, bool isBroken)
    {
        var limit = new LimitDefined("w", "window", Permits: 2, PeriodSeconds: 1);

        var findings = Check(Limited(limit, (100, 100.5), (900, 900.5), (100 + third, 2_000)));

        AssertIs(isBroken, 4, "Limit w: 3 in less than 1 s", findings);
    }

    [Theory]
    [InlineData(140, false)]
    [InlineData(80, true)]
    public void A_rate_starts_its_burst_and_then_one_call_an_interval(double fourth, bool isBroken)
    {
        var limit = new LimitDefined("r", "rate", Permits: 10, PeriodSeconds: 1, Burst: 2);

        // The third is 5 ms early (the start window), and as late at the target as a stamp may be.
        var findings = Check(Limited(limit, (0, 1), (0, 1), (80, 81), (80 + fourth, 300)));

        AssertIs(isBroken, 4, "Limit r", findings);
    }

    [Theory]
    [InlineData(200, false)]
    [InlineData(199, true)]
    public void A_concurrency_limit_holds_from_the_arrival_to_the_answer(double third, bool isBroken)
    {
        var limit = new LimitDefined("c", "concurrency", Permits: 2);

        AssertIs(isBroken, 4, "Limit c: 3 at once instead of 2", Check(Limited(limit, (100, 200), (150, 300), (third, 250))));
    }

    [Fact]
    public void A_call_that_a_kill_has_ended_holds_nothing()
    {
        var limit = new LimitDefined("c", "concurrency", Permits: 1);

        Assert.DoesNotContain(Check([new Kill(0) { At = 150 }, .. Limited(limit, (100, 900), (200, 300))]), finding => finding.Promise == 4);
    }

    [Fact]
    public void Limits_per_key_are_apart()
    {
        var limit = new LimitDefined("c", "concurrency", Permits: 1, PerKey: true);

        Assert.Empty(Check(Limited(limit, ["one", "two"], (100, 200), (150, 300))));
        AssertBroken(4, "Limit c", Check(Limited(limit, ["one", "one"], (100, 200), (150, 300))));
    }

    [Fact]
    public void A_queue_makes_so_many_calls_at_once() =>
        AssertBroken(4, "Queue q: 11 at once instead of 10", Check(Limited(null, [.. Enumerable.Repeat((100.0, 200.0), 11)])));

    [Theory]
    [InlineData(200, false)]
    [InlineData(199, true)]
    public void A_lock_is_held_by_one_call(double second, bool isBroken)
    {
        var history = Limited(null, (100, 200), (second, 300)).Select(happened => happened is Submit submit ? submit with { Lock = "account" } : happened);

        AssertIs(isBroken, 5, "Lock account: 2 at once", Check(history));
    }

    [Fact]
    public void All_permits_are_back_at_the_end()
    {
        Assert.Empty(Check([.. oneJob, new LimitAtEnd("c", 0)]));
        AssertBroken(5, "has lost 1 permits", Check([.. oneJob, new LimitAtEnd("c", 1)]));
    }

    [Theory]
    [InlineData(1_060, false)]
    [InlineData(1_059, true)]
    public void A_pause_is_kept_to_its_end_and_counts_no_failure(double next, bool isBroken)
    {
        Event[] paused =
        [
            .. oneJob[..4],
            new Answered(1, 429, RetryAfterSeconds: 1) { At = 60 },
            new Arrived(2, "a", 2, "a") { At = next },
            new Answered(2, 200, "{2}") { At = next + 10 },
            new JobAtEnd("a", 1, "succeeded", Attempt: 2, Failures: 0, "t1", Result: "{2}"),
        ];

        AssertIs(isBroken, 6, "1 ms earlier than the pause allows", Check(paused));
        AssertBroken(6, "counts 1 failures", Check([.. paused[..^1], ((JobAtEnd)paused[^1]) with { Failures = 1 }]));
    }

    [Fact]
    public void A_call_that_was_cut_for_a_cancellation_may_not_have_read_its_response() => Assert.DoesNotContain(
        Check(
        [
            .. oneJob[..4], new Submit(2, 2, "q") { At = 31 }, new Cancel("a") { At = 50 },
            new Answered(1, 429, RetryAfterSeconds: 1) { At = 60 }, .. Succeeded("b", 2, 500),
        ]),
        finding => finding.Promise == 6);

    [Fact]
    public void A_cancelled_job_is_called_no_more_and_stays_cancelled()
    {
        Event[] cancelled =
        [
            .. oneJob[..3], new Cancel("a") { At = 25 }, new CancelResponse("a", 200) { At = 28 },
            new JobAtEnd("a", 1, "cancelled", Attempt: 0, Failures: 0, "t1", CancelReason: "request"),
        ];

        Assert.Empty(Check(cancelled));
        AssertBroken(7, "called after its cancellation", Check([.. cancelled, new Arrived(1, "a", 1, "a") { At = 60 }]));
        AssertBroken(7, "was cancelled, and is succeeded", Check([.. cancelled[..^1], .. oneJob[3..]]));
        AssertBroken(7, "(no reason)", Check([.. cancelled[..^1], ((JobAtEnd)cancelled[^1]) with { CancelReason = null }]));
    }

    [Theory]
    [InlineData(240, false)]
    [InlineData(300, true)]
    public void A_running_call_is_cut_soon_after_its_cancellation(double cut, bool isBroken) => AssertIs(isBroken, 7, "ran for", Check(
    [
        .. oneJob[..4], new Cancel("a") { At = 35 }, new CancelResponse("a", 202) { At = 40 }, new Broken(1) { At = cut },
        new JobAtEnd("a", 1, "cancelled", Attempt: 1, Failures: 0, "t1", CancelReason: "request"),
    ]));

    [Theory]
    [InlineData(0, 25_000, null)]
    [InlineData(143, 1_000, "ended with exit code 143")]
    [InlineData(0, 28_000, "took 28.0 s to stop")]
    public void A_node_that_is_told_to_stop_ends_well_and_in_time(int code, double after, string? wrong) =>
        AssertIs(wrong is not null, 8, wrong ?? "", Check([.. oneJob, new Stop(0) { At = 100 }, new Exited(0, code) { At = 100 + after }]));

    [Theory]
    [InlineData("input", new[] { 1, 2 }, false)]
    [InlineData("input", new[] { 2, 1 }, true)]
    [InlineData("completion", new[] { 2, 1 }, false)]
    [InlineData("completion", new[] { 2 }, true)]
    [InlineData("completion", new[] { 2, 2 }, true)]
    public void A_batch_yields_every_result_once_and_by_input_in_its_order(string order, int[] numbers, bool isBroken) => AssertIs(isBroken, 9, "Results by", Check(
    [
        new QueueDefined("q", [], 2), new Submit(1, 1, "q"), new Submit(1, 2, "q"), new Submitted(1, 202, Batch: "x") { At = 5 },
        .. Succeeded("a", 1, 10), .. Succeeded("b", 2, 20), new Results(1, order, numbers),
    ]));

    [Fact]
    public void A_lane_that_makes_one_call_at_a_time_keeps_the_order_of_its_jobs()
    {
        IEnumerable<Event> Two(double first, double second) =>
        [
            new QueueDefined("q", [], 1),
            new Submit(1, 1, "q") { At = 1 }, new Submitted(1, 202, "a") { At = 2 }, new Submit(2, 2, "q") { At = 3 }, new Submitted(2, 202, "b") { At = 4 },
            .. Succeeded("a", 1, first), .. Succeeded("b", 2, second),
        ];

        Assert.Empty(Check(Two(10, 20)));
        AssertBroken(5, "before an older one of its lane", Check(Two(20, 10)));
    }

    [Fact]
    public void A_history_is_read_back_as_it_was_written()
    {
        var lines = oneJob.Select(happened => System.Text.Json.JsonSerializer.Serialize(happened, Event.Json));

        var history = History.Read(lines, stampDelay: 25);

        Assert.Equal(oneJob.OfType<Submit>().Single(), history.All<Submit>().Single() with { Line = 0, Text = "" });
        Assert.Empty(Audit.Check(history));
    }

    private static IReadOnlyList<Finding> Check(IEnumerable<Event> events) => Audit.Check(new History([.. events], stampDelay: 25));

    private static IEnumerable<Event> WithEnd(Func<JobAtEnd, JobAtEnd> change) => oneJob.Select(happened => happened is JobAtEnd end ? change(end) : happened);

    private static IEnumerable<Event> Succeeded(string id, int number, double at) =>
    [
        new Arrived((int)at, id, 1, id) { At = at }, new Answered((int)at, 200, $"{{{number}}}") { At = at + 1 },
        new JobAtEnd(id, number, "succeeded", Attempt: 1, Failures: 0, "t", Result: $"{{{number}}}"),
    ];

    private static IEnumerable<Event> Limited(LimitDefined? limit, params (double From, double Until)[] calls) => Limited(limit, ["one"], calls);

    private static IEnumerable<Event> Limited(LimitDefined? limit, string[] keys, params (double From, double Until)[] calls)
    {
        if (limit is not null)
            yield return limit;
        yield return new QueueDefined("q", limit is null ? [] : [limit.Name], 10);
        foreach (var (index, (from, until)) in calls.Index())
        {
            yield return new Submit(index, index, "q", keys[index % keys.Length]);
            yield return new Submitted(index, 202, $"job{index}") { At = from - 1 };
            yield return new Arrived(index, $"job{index}", 1, $"job{index}") { At = from };
            yield return new Answered(index, 200, $"{index}") { At = until };
            yield return new JobAtEnd($"job{index}", index, "succeeded", Attempt: 1, Failures: 0, "t", Result: $"{index}");
        }
    }

    private static void AssertIs(bool isBroken, int promise, string says, IReadOnlyList<Finding> findings)
    {
        if (isBroken)
            AssertBroken(promise, says, findings);
        else
            Assert.Empty(findings);
    }

    private static void AssertBroken(int promise, string says, IReadOnlyList<Finding> findings) =>
        Assert.Contains(findings, finding => finding.Promise == promise && finding.Says.Contains(says, StringComparison.Ordinal) && finding.Proof.Count > 0);
}
