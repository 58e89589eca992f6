using JobService.Api.Http;
using JobService.Intake;
using JobService.Jobs;

namespace JobService.Api;

/// <summary>The definition of a queue or a limit that a PUT sends, or why it is refused.</summary>
/// <param name="Value">The definition; null when it is refused.</param>
/// <param name="Expected">The revision that must still be in force; 0 when there must be none yet; null for any.</param>
/// <param name="Refusal">The problem; null when the definition is valid.</param>
internal readonly record struct DefinitionBody<T>(T? Value, long? Expected, IResult? Refusal)
    where T : class
{
    /// <param name="http">The request.</param>
    /// <param name="kind"><c>queue</c> or <c>limit</c>.</param>
    /// <param name="name">The name in the URL.</param>
    /// <param name="current">The revision in force; null when there is none.</param>
    /// <param name="memory">The memory of submissions.</param>
    /// <param name="time">Measures the wait for memory.</param>
    /// <param name="check">The rules of the definition.</param>
    public static async Task<DefinitionBody<T>> ReadAsync(
        HttpContext http, string kind, string name, long? current, IntakeMemory memory, TimeProvider time, Func<T, IReadOnlyList<Violation>> check)
    {
        if (!Names.IsName(name))
            return Refused(Problems.Invalid($"A {kind}'s name: {Names.Wanted}."));
        var (refusal, expected) = Conditional.Ask(http.Request, current);
        if (refusal is not null)
            return Refused(refusal);

        var body = await JsonBody.ReadAsync<T>(http, memory, time);
        if (body.IsRefused)
            return Refused(body.Refusal);
        return check(body.Value) is { Count: > 0 } violations ? Refused(Problems.Body(violations)) : new DefinitionBody<T>(body.Value, expected, null);
    }

    private static DefinitionBody<T> Refused(IResult refusal) => new(null, null, refusal);
}
