using System.Text;

namespace JobService.Storage.Postgres;

/// <summary>Text that comes from elsewhere: PostgreSQL stores neither U+0000 nor half of a surrogate pair.</summary>
internal static class PostgresText
{
    public static string? Of(string? text)
    {
        if (text is null)
            return null;
        var whole = text.Contains('\0', StringComparison.Ordinal) ? text.Replace('\0', '\uFFFD') : text;
        return whole.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(whole)) : whole;
    }
}
