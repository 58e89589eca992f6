using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace JobService.Api.Http;

/// <summary>Strong entity tags (RFC 9110, section 8.8.3).</summary>
internal static class EntityTags
{
    /// <summary>The tag of a queue or a limit: its revision, which is never reused.</summary>
    public static string Of(long revision) => $"\"r{revision}\"";

    /// <summary>The tag of a body: half of its SHA-256.</summary>
    public static string Of(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return $"\"{Convert.ToHexStringLower(hash[..16])}\"";
    }

    /// <summary>True when <c>If-None-Match</c> names the tag or <c>*</c>; weak comparison, as RFC 9110 requires.</summary>
    public static bool NoneMatchNames(StringValues ifNoneMatch, string tag) =>
        ifNoneMatch.Count > 0
        && EntityTagHeaderValue.TryParseList(ifNoneMatch!, out var tags)
        && tags.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Tag == tag);

    /// <summary>Evaluates <c>If-Match</c> for a resource whose revision is <paramref name="current"/>, null when it does not exist.</summary>
    public static Precondition IfMatch(StringValues ifMatch, long? current)
    {
        if (ifMatch.Count == 0)
            return new Precondition.Holds(null);
        if (!EntityTagHeaderValue.TryParseStrictList(ifMatch!, out var tags) || tags.Count == 0)
            return new Precondition.Unreadable();
        if (current is null)
            return new Precondition.Fails();
        if (tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any)))
            return new Precondition.Holds(null);

        return tags.Any(tag => !tag.IsWeak && tag.Tag == Of(current.Value)) ? new Precondition.Holds(current) : new Precondition.Fails();
    }
}

/// <summary>The result of evaluating a precondition.</summary>
internal abstract record Precondition
{
    private Precondition()
    {
    }

    /// <summary>A new case is a new parameter here: a caller that does not handle it does not compile.</summary>
    public abstract T Match<T>(Func<long?, T> holds, Func<T> fails, Func<T> unreadable);

    /// <param name="Revision">The revision that must still be in force when the change is written; null for any.</param>
    public sealed record Holds(long? Revision) : Precondition
    {
        public override T Match<T>(Func<long?, T> holds, Func<T> fails, Func<T> unreadable) => holds(Revision);
    }

    public sealed record Fails : Precondition
    {
        public override T Match<T>(Func<long?, T> holds, Func<T> fails, Func<T> unreadable) => fails();
    }

    public sealed record Unreadable : Precondition
    {
        public override T Match<T>(Func<long?, T> holds, Func<T> fails, Func<T> unreadable) => unreadable();
    }
}
