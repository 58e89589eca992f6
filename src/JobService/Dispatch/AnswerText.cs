using System.Text;

namespace JobService.Dispatch;

/// <summary>The beginning of an answer as text for a failed job: whole characters only, what is no text is replaced.</summary>
internal static class AnswerText
{
    public static string? Of(ReadOnlySpan<byte> body, int maxBytes)
    {
        if (body.IsEmpty)
            return null;

        var end = Math.Min(body.Length, maxBytes);
        while (end < body.Length && end > 0 && (body[end] & 0b1100_0000) == 0b1000_0000)
            end--; // the cut would go through a character
        return Encoding.UTF8.GetString(body[..end]).Replace('\0', '\uFFFD');
    }
}
