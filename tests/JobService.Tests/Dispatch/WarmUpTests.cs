using System.Collections.Concurrent;
using JobService.Dispatch;
using JobService.Limits;
using JobService.Tests.Support;
using JobService.Upstream;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Dispatch;

public sealed class WarmUpTests
{
    [Fact]
    public async Task Expressions_of_limits_are_not_evaluated_for_it()
    {
        var looked = new ConcurrentQueue<string>();
        await using var service = ServiceFixture.With(new Dictionary<string, string>(), services => services.AddSingleton(new TrueCost(new Listener(looked))));
        await service.Store.PutLimitAsync("default", new RateDefinition { Permits = 1, WeightFrom = "of_somebody.cost" }, expected: null);

        using var warmUp = ActivatorUtilities.CreateInstance<WarmUp>(service.Services);
        await warmUp.StartAsync(TestContext.Current.CancellationToken);
        await warmUp.ExecuteTask!.WaitAsync(Patience.Hang, TestContext.Current.CancellationToken);

        Assert.NotEmpty(looked); // an expression of its own
        Assert.DoesNotContain(looked, text => text.Contains("of_somebody", StringComparison.Ordinal));
    }

    private sealed class Listener(ConcurrentQueue<string> told) : ILogger<TrueCost>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            told.Enqueue(formatter(state, exception));
    }
}
