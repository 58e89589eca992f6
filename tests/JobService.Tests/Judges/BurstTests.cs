using System.Net.Http.Json;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Tests.Judges;

/// <summary>A burst of B is B calls at once: cold, and after a rest in which the API has closed the connections.</summary>
public sealed class BurstTests
{
    private const int Burst = 30;

    /// <summary>0.2 s on a machine with nothing else to do. A slot that is lost costs 10 s.</summary>
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(3);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cold_burst_reaches_the_target_as_a_burst(bool tls)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var api = new StampedApi(tls);
        var data = Directory.CreateTempSubdirectory("jobservice-burst-");
        try
        {
            var settings = new Dictionary<string, string>();
            if (api.CertificatePem is { } pem)
            {
                settings["SSL_CERT_FILE"] = Path.Combine(data.FullName, "trusted.pem");
                await File.WriteAllTextAsync(settings["SSL_CERT_FILE"], pem, cancel);
            }

            await using var service = await JobServiceProcess.StartAsync(data, settings);
            await PutAsync(service, "/v1/limits/burst", new { kind = "rate", permits = 60, periodSeconds = 600, burst = Burst });
            await PutAsync(service, "/v1/queues/burst", new { target = new { kind = "http", baseAddress = api.Address }, limits = (string[])["burst"], maxConcurrency = Burst });

            using var response = await service.Client.PostAsJsonAsync("/v1/batches", new { queue = "burst", jobs = Enumerable.Range(0, Burst).Select(n => new { payload = n }) }, cancel);
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(cancel));
            var batch = (await response.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("id").GetString();
            var results = await service.Client.GetFromJsonAsync<JsonElement>($"/v1/batches/{batch}/results?wait=30", cancel);

            Assert.True(results.GetProperty("complete").GetBoolean());
            var arrivals = api.Arrivals;
            Assert.Equal(Burst, arrivals.Count);
            TestContext.Current.SendDiagnosticMessage("{0} calls within {1} ms", arrivals.Count, (arrivals[^1] - arrivals[0]).TotalMilliseconds);
            Assert.InRange(arrivals[^1] - arrivals[0], TimeSpan.Zero, AtOnce);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }

    private static async Task PutAsync(ServerProcess service, string path, object body)
    {
        using var response = await service.Client.PutAsJsonAsync(path, body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }
}
