using System.Reflection;
using System.Text;
using System.Text.Json;
using JobService.Api;
using JobService.Api.Contracts;
using JobService.Jobs;

namespace JobService.Tests.Api;

/// <summary>The short way of writing a job says what generated code says, byte for byte.</summary>
public sealed class JobViewJsonTests
{
    private const string Odd = "<ü&\"\\\u2028😀\n'+>";

    private static readonly JsonSerializerOptions generated = Generated();

    private static readonly DateTimeOffset time = new DateTimeOffset(2026, 12, 1, 8, 0, 0, TimeSpan.FromHours(2)).AddTicks(1_234_500);

    /// <summary>With everything that a job can have; no job has all of it.</summary>
    private static readonly JobView full = new()
    {
        Id = new Guid("01a20539-d57e-7000-9a29-9c66eee1a4f3"), Queue = "q", State = JobState.Queued, Key = Odd, Priority = -100, Weight = int.MaxValue,
        Weights = new Dictionary<string, int> { ["in"] = 1, [Odd] = 2 }, Lock = Odd, Attempt = 1, Failures = 2, MaxAttempts = 3,
        CreatedAt = time, NotBefore = time.AddTicks(1), StartedAt = time.AddYears(7000), FinishedAt = DateTimeOffset.MinValue,
        Tags = new Dictionary<string, string> { [Odd] = Odd, ["b"] = "" }, Batch = new BatchPlaceView(Guid.Empty, 7), Callback = new CallbackView(Odd),
        Waiting = new WaitingView(WaitReason.Turn, Odd, time, 1), CancelReason = CancelReason.Request, Result = new RawJson("{ \"a\" : 1.50 }"u8.ToArray()),
        Response = new ResponseView(200, Odd, new Dictionary<string, string> { ["x-a"] = Odd }), Error = new JobErrorView(Odd, Odd, 500, Odd),
        Attempts = [new AttemptView(1, time, time, 200, Odd), new AttemptView(2, time, null, null, null)], Links = new JobLinks(Odd, Odd, Odd, Odd, Odd, Odd),
    };

    public static TheoryData<string> Optional => [.. OptionalOf(typeof(JobView)).Select(one => one.Name)];

    [Fact]
    public void A_job_with_every_field()
    {
        foreach (var part in new object[] { full, full.Waiting!, full.Links })
            Assert.All(part.GetType().GetProperties(), field => Assert.NotNull(field.GetValue(part)));
        AssertSame(full);
    }

    [Theory]
    [MemberData(nameof(Optional))]
    public void A_job_without_a_field(string name) => AssertSame(Without(full, name));

    [Fact]
    public void A_job_with_no_more_than_it_must_have()
    {
        var bare = OptionalOf(typeof(JobView)).Aggregate(full, (job, field) => Without(job, field.Name));

        AssertSame(bare with { Links = new JobLinks("/v1/jobs/1", null, null, null, "/v1/queues/q", null) });
        AssertSame(bare with { Waiting = new WaitingView(WaitReason.Signal, null, null, null), Links = full.Links });
    }

    [Fact]
    public void Every_word()
    {
        Assert.All(Enum.GetValues<JobState>(), state => AssertSame(full with { State = state }));
        Assert.All(Enum.GetValues<CancelReason>(), reason => AssertSame(full with { CancelReason = reason }));
        Assert.All(Enum.GetValues<WaitReason>(), reason => AssertSame(full with { Waiting = full.Waiting! with { Reason = reason } }));
    }

    private static void AssertSame(JobView job) =>
        Assert.Equal(JsonSerializer.Serialize(job, generated), Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(job, ApiJson.Of<JobView>())));

    private static JobView Without(JobView job, string name)
    {
        var copy = job with { };
        typeof(JobView).GetProperty(name)!.SetValue(copy, null);
        return copy;
    }

    private static IEnumerable<PropertyInfo> OptionalOf(Type type) =>
        type.GetProperties().Where(field => new NullabilityInfoContext().Create(field).ReadState == NullabilityState.Nullable);

    private static JsonSerializerOptions Generated()
    {
        var options = new JsonSerializerOptions(ApiJson.Options);
        Assert.True(options.Converters.Remove(options.Converters.Single(converter => converter is JobViewJson)));
        return options;
    }
}
