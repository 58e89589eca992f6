using System.Text;

namespace JobService.Dispatch;

/// <summary>The beginning of an answer as text for a failed job: whole characters only, what is no text is replaced.</summary>
internal static class AnswerText
{
    /// <param name="note">What is said before it; null when nothing.</param>
    /// <param name="body">The answer.</param>
    /// <param name="maxBytes">Bytes of all of it.</param>
    public static string? Of(string? note, ReadOnlySpan<byte> body, int maxBytes) =>
        note is null ? Of(body, maxBytes) : $"{note}\n{Of(body, Math.Max(0, maxBytes - Encoding.UTF8.GetByteCount(note) - 1))}".TrimEnd('\n');

    private static string? Of(ReadOnlySpan<byte> body, int maxBytes)
    {
        if (body.IsEmpty)
            return null;

        var end = Math.Min(body.Length, maxBytes);
        while (end < body.Length && end > 0 && (body[end] & 0b1100_0000) == 0b1000_0000)
            end--; // the cut would go through a character
        return Encoding.UTF8.GetString(body[..end]).Replace('\0', '\uFFFD');
    }
}
