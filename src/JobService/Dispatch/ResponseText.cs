using System.Text;

namespace JobService.Dispatch;

/// <summary>The beginning of a response as text for a failed job: whole characters only, invalid bytes are replaced.</summary>
internal static class ResponseText
{
    /// <param name="note">Text to put before it; null for none.</param>
    /// <param name="body">The response.</param>
    /// <param name="maxBytes">Maximum bytes in total.</param>
    public static string? Of(string? note, ReadOnlySpan<byte> body, int maxBytes) =>
        note is null ? Of(body, maxBytes) : $"{note}\n{Of(body, Math.Max(0, maxBytes - Encoding.UTF8.GetByteCount(note) - 1))}".TrimEnd('\n');

    private static string? Of(ReadOnlySpan<byte> body, int maxBytes)
    {
        if (body.IsEmpty)
            return null;

        var end = Math.Min(body.Length, maxBytes);
        while (end < body.Length && end > 0 && (body[end] & 0b1100_0000) == 0b1000_0000)
            end--; // the cut would split a character
        return Encoding.UTF8.GetString(body[..end]).Replace('\0', '\uFFFD');
    }
}
