using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Support;

/// <summary>Keeps what one class logs.</summary>
internal sealed class LogLines<T> : ILogger<T>
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text, IReadOnlyDictionary<string, object?> Fields)> lines = new();

    public IReadOnlyCollection<(LogLevel Level, string Text, IReadOnlyDictionary<string, object?> Fields)> All => lines;

    public IEnumerable<string> Texts => lines.Select(line => line.Text);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue((logLevel, formatter(state, exception), state is IEnumerable<KeyValuePair<string, object?>> fields ? fields.ToDictionary() : new Dictionary<string, object?>()));
}
