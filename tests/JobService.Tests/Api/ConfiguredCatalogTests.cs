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
    public void Keys_scopes_and_expressions_are_read_from_texts()
    {
        var catalog = Read(
            ("Limits:keyed:kind", "window"), ("Limits:keyed:permits", "90000"), ("Limits:keyed:periodSeconds", "60"),
            ("Limits:keyed:scope", "perKey"), ("Limits:keyed:counts", "inputTokens"), ("Limits:keyed:weightFrom", "usage.total_tokens"),
            ("Queues:q:limits:0", "keyed"), ("Queues:q:keyShares:gold-7", "4"), ("Queues:q:KEYSHARES:silver", "0.5"), ("Queues:q:weightFrom", "cost"), ("Queues:q:share", "9"),
            ("Queues:numbers:keyShares:0", "2"), ("Queues:numbers:keyShares:1", "3"));

        Assert.Empty(catalog.Faults);
        Assert.Equal(
            new WindowDefinition { Permits = 90_000, PeriodSeconds = 60, Counts = "inputTokens", Scope = LimitScope.PerKey, WeightFrom = "usage.total_tokens" }, catalog.Limits["keyed"]);
        Assert.Equal([("gold-7", 4), ("silver", 0.5)], catalog.Queues["q"].KeyShares.Select(share => (share.Key, share.Value)));
        Assert.Equal(("cost", 9), (catalog.Queues["q"].WeightFrom, catalog.Queues["q"].Share));
        Assert.Equal([("0", 2), ("1", 3)], catalog.Queues["numbers"].KeyShares.Select(share => (share.Key, share.Value)));
    }

    [Fact]
    public void Environment_variables_say_the_same()
    {
        Environment.SetEnvironmentVariable("CATALOGTEST_JobService__Limits__x__Kind", "Rate");
        Environment.SetEnvironmentVariable("CATALOGTEST_JobService__Limits__x__permits", "5");
        Environment.SetEnvironmentVariable("CATALOGTEST_JobService__Limits__x__scope", "PERKEY");
        Environment.SetEnvironmentVariable("CATALOGTEST_JobService__Queues__q__keyShares__gold-7", "4");
        var catalog = new ConfiguredCatalog();
        catalog.Read(new ConfigurationBuilder().AddEnvironmentVariables("CATALOGTEST_").Build());

        Assert.Empty(catalog.Faults);
        Assert.Equal(new RateDefinition { Permits = 5, Scope = LimitScope.PerKey }, catalog.Limits["x"]);
        Assert.Equal(4, catalog.Queues["q"].KeyShares["gold-7"]);
    }

    [Fact]
    public void All_that_is_wrong_is_told_at_once_with_its_key()
    {
        var catalog = Read(
            ("Limits:a:kind", "rate"), ("Limits:b:kind", "rate"), ("Limits:b:permits", "0"), ("Limits:c d:kind", "rate"),
            ("Limits:e:kind", "rate"), ("Limits:e:permits", "1"), ("Limits:e:weightFrom", ""), ("Limits:f:kind", "rate"), ("Limits:f:permits", "1"), ("Limits:f:scope", "each"),
            ("Queues:s:keyShares:a", "0"), ("Queues:s:keyShares:b", "much"), ("Queues:q:maxConcurrency", "many"), ("Queues:q:colour", "red"), ("Queues:r:limits:0", "nowhere"));

        Assert.Equal(
            [
                "JobService:Limits:a:permits", "JobService:Limits:b:permits", "JobService:Limits:c d", "JobService:Limits:e:weightFrom",
                "JobService:Limits:f:scope", "JobService:Queues:q:colour", "JobService:Queues:q:maxConcurrency", "JobService:Queues:r:limits",
                "JobService:Queues:s:keyShares:b",
            ],
            catalog.Faults.Select(fault => fault[..fault.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_misspelt_field_names_the_one_that_was_meant()
    {
        var catalog = Read(("Limits:a:kind", "rate"), ("Limits:a:permits", "1"), ("Limits:a:Permitts", "1"), ("Queues:q:maxConcurency", "3"));

        Assert.Equal(2, catalog.Faults.Count);
        Assert.EndsWith(" Did you mean permits?", catalog.Faults[0], StringComparison.Ordinal);
        Assert.EndsWith(" Did you mean maxConcurrency?", catalog.Faults[1], StringComparison.Ordinal);
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
