using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>The query parameter <c>key</c> of resources that have one state per key.</summary>
internal static class KeyQuery
{
    /// <param name="request">The request.</param>
    /// <param name="key">Null when none is given; empty for jobs without a key.</param>
    /// <returns>The refusal of a key that no job can have.</returns>
    public static ProblemResponse? Read(HttpRequest request, out string? key)
    {
        key = request.Query.TryGetValue(QueryParameter.StateKey.Name, out var given) ? given.ToString() : null;
        return key is null || Names.IsText(key) ? null : Problems.Parameter(QueryParameter.StateKey.Name, "at most 256 characters, none of them a control character.");
    }
}
