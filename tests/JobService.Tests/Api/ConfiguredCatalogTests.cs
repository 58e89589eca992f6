using JobService.Api;
using JobService.Jobs;
using JobService.Limits;
using Microsoft.Extensions.Configuration;

namespace JobService.Tests.Api;

/// <summary>The configuration knows the same fields as the API, as texts and in any case, from files and from the environment.</summary>
public sealed class ConfiguredCatalogTests
{
    [Fact]
    public void Queues_and_limits_are_read_with_their_defaults()
    {
        var catalog = Read(
            ("Limits:GitHub:PERMITS", "50"), ("Limits:GitHub:kind", "rate"), ("Limits:GitHub:periodSeconds", "0.5"),
            ("Queues:gh:target:kind", "http"), ("Queues:gh:target:baseAddress", "https://api.github.com"),
            ("Queues:gh:target:headers:Authorization:fromConfiguration", "GitHubToken"), ("Queues:gh:target:headers:user-agent", "me"),
            ("Queues:gh:limits:0", "GitHub"), ("Queues:gh:MaxConcurrency", "3"));

        Assert.Empty(catalog.Faults);
        Assert.Equal(new RateDefinition { Permits = 50, PeriodSeconds = 0.5 }, catalog.Limits["GitHub"]);
        var queue = catalog.Queues["gh"];
        Assert.Equal(["GitHub"], queue.Limits);
        Assert.Equal((3, 1_000_000, 5), (queue.MaxConcurrency, queue.Capacity, queue.Retry.MaxAttempts));
        var target = Assert.IsType<HttpTarget>(queue.Target);
        Assert.Equal(new HeaderValue.FromConfiguration("GitHubToken"), target.Headers["Authorization"]);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once_with_its_key()
    {
        var catalog = Read(
            ("Limits:a:kind", "rate"), ("Limits:b:kind", "rate"), ("Limits:b:permits", "0"), ("Limits:c d:kind", "rate"),
            ("Queues:q:maxConcurrency", "many"), ("Queues:q:colour", "red"), ("Queues:r:limits:0", "nowhere"));

        Assert.Equal(
            [
                "JobService:Limits:a:permits", "JobService:Limits:b:permits", "JobService:Limits:c d", "JobService:Queues:q:colour",
                "JobService:Queues:q:maxConcurrency", "JobService:Queues:r:limits",
            ],
            catalog.Faults.Select(fault => fault[..fault.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    private static ConfiguredCatalog Read(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create("JobService:" + setting.Key, (string?)setting.Value))).Build();
        var catalog = new ConfiguredCatalog();
        catalog.Read(configuration);
        return catalog;
    }
}
