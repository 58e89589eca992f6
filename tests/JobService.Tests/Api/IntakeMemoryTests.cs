using System.Net;
using System.Text;
using JobService.Intake;
using JobService.Jobs;
using JobService.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace JobService.Tests.Api;

/// <summary>What clients send is read within a budget, half of it for whole bodies and half for uploads.</summary>
public sealed class IntakeMemoryTests : IAsyncDisposable
{
    private const int Half = 1024 * 1024;

    private readonly ServiceFixture service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:Intake:MaxHeldBytes"] = $"{2 * Half}", ["JobService:Intake:MaxWaitSeconds"] = "0" });
    private readonly CancellationToken hang = TestContext.Current.CancellationToken;

    private IntakeMemory Memory => service.Services.GetRequiredService<IntakeMemory>();

    public ValueTask DisposeAsync() => service.DisposeAsync();

    [Theory]
    [InlineData("POST", "/v1/jobs", """{"payload":1}""")]
    [InlineData("POST", "/v1/batches", """{"jobs":[{"payload":1}]}""")]
    [InlineData("PUT", "/v1/queues/some", """{"target":{"kind":"simulated"}}""")]
    [InlineData("PUT", "/v1/limits/some", """{"kind":"rate","permits":1}""")]
    [InlineData("POST", "/v1/jobs/cancel", """{"queue":"default"}""")]
    [InlineData("POST", "/v1/jobs/retry", """{"queue":"default"}""")]
    public async Task A_body_for_which_there_is_no_room_is_refused_until_there_is_some(string method, string path, string body)
    {
        using (await TakeAllAsync(Memory.Open))
        {
            using var refused = await service.SendAsync(new HttpMethod(method), path, body);
            Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), (refused.StatusCode, refused.Headers.RetryAfter?.Delta));
        }

        using var taken = await service.SendAsync(new HttpMethod(method), path, body);
        Assert.True(taken.IsSuccessStatusCode, taken.ToString());
    }

    [Fact]
    public async Task A_long_line_of_an_upload_waits_for_room()
    {
        await service.PutAsync("/v1/queues/uploads", """{"target":{"kind":"simulated"}}""");
        using var line = new StringContent($"{{\"payload\":\"{new string('x', 200_000)}\"}}\n", Encoding.UTF8, "application/x-ndjson");
        Task<HttpResponseMessage> upload;
        using (await TakeAllAsync(Memory.OpenUpload))
        {
            upload = service.Client.PostAsync(new Uri("/v1/batches?queue=uploads", UriKind.Relative), line, hang);
            // Others are served meanwhile; without a budget the upload would be over before them.
            for (var i = 0; i < 5; i++)
            {
                using var other = await service.SubmitAsync("""{"queue":"uploads","payload":1}""", ("Prefer", "wait=10"));
                Assert.Equal(HttpStatusCode.OK, other.StatusCode);
            }

            Assert.False(upload.IsCompleted);
        }

        using var response = await upload.WaitAsync(Patience.Hang, hang);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
    }

    /// <summary>All of it, and what one may take beyond.</summary>
    private async Task<Taken> TakeAllAsync(Func<ByteReservation> open)
    {
        var (all, beyond) = (open(), open());
        Assert.True(all.TryGrowTo(Half));
        Assert.True(await beyond.GrowToAsync(1, TimeSpan.Zero, hang));
        return new Taken(all, beyond);
    }

    private sealed record Taken(ByteReservation All, ByteReservation Beyond) : IDisposable
    {
        public void Dispose()
        {
            Beyond.Dispose();
            All.Dispose();
        }
    }
}
