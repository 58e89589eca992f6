using System.Net;
using JobService.Tests.Support;

namespace JobService.Tests.Api;

public sealed class ApiKeyTests
{
    [Fact]
    public async Task A_configured_key_is_asked_for_under_v1_and_nowhere_else()
    {
        await using var service = ServiceFixture.With(new Dictionary<string, string> { ["JobService:ApiKey"] = "s3cret" });

        foreach (var (value, status) in new (string? Value, HttpStatusCode Status)[]
        {
            (null, HttpStatusCode.Unauthorized), ("Bearer", HttpStatusCode.Unauthorized), ("Bearer wrong", HttpStatusCode.Unauthorized),
            ("Basic s3cret", HttpStatusCode.Unauthorized), ("Bearer S3CRET", HttpStatusCode.Unauthorized),
            ("Bearer s3cret", HttpStatusCode.OK), ("bearer  s3cret", HttpStatusCode.OK),
        })
        {
            using var answer = await service.SendAsync(HttpMethod.Get, "/v1/queues", null, value is null ? [] : [("Authorization", value)]);
            Assert.Equal((value, status), (value, answer.StatusCode));
            if (status == HttpStatusCode.Unauthorized)
            {
                Assert.Equal("/problems/unauthorized", (await ProblemJson.ReadAsync(answer)).Type);
                Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
            }
        }

        foreach (var path in (string[])["/livez", "/readyz", "/openapi/v1.json", "/problems/queue-full"])
        {
            using var open = await service.SendAsync(HttpMethod.Get, path);
            Assert.Equal((path, HttpStatusCode.OK), (path, open.StatusCode));
        }

        foreach (var path in (string[])["/V1/queues", "/v1/nothing", "/v1/jobs"])
        {
            using var closed = await service.SendAsync(HttpMethod.Get, path);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, closed.StatusCode));
        }
    }
}
