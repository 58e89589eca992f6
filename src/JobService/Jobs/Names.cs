using System.Buffers;

namespace JobService.Jobs;

/// <summary>The rules for names and free texts from outside.</summary>
public static class Names
{
    public const int MaxLength = 64;
    public const int MaxTextLength = 256;
    public const string Wanted = "1 to 64 characters out of A-Z a-z 0-9 . _ - and not only dots";

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>The name of a queue, a limit or a tag. A name of dots only would vanish from a path: <c>/v1/queues/..</c> is another address.</summary>
    public static bool IsName(string? text) =>
        text is { Length: > 0 and <= MaxLength }
        && !text.AsSpan().ContainsAnyExcept(Allowed)
        && text.AsSpan().ContainsAnyExcept('.');

    /// <summary>A key or a tag's value: may be empty, without control characters and lone surrogates.</summary>
    public static bool IsText(string? text)
    {
        if (text is not { Length: <= MaxTextLength })
            return false;

        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
                return false;
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return false;
            i++;
        }

        return true;
    }
}
