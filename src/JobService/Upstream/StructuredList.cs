using System.Buffers;
using System.Globalization;

namespace JobService.Upstream;

/// <summary>A list or dictionary of structured fields (RFC 9651), as far as rate limits use it: names, and numbers as values and parameters.</summary>
/// <remarks>A field may be read as either: a key of a dictionary has the form of a token. A field that breaks the grammar is ignored as a whole (section 4.2).</remarks>
internal ref struct StructuredList
{
    private const int MaxMembers = 64;

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~:/");

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    private ReadOnlySpan<char> rest;

    private StructuredList(ReadOnlySpan<char> text) => rest = text;

    /// <param name="Name">The item, or the key.</param>
    /// <param name="Value">The value of a dictionary member, if it is a number.</param>
    /// <param name="Parameters">The parameters that are numbers.</param>
    public sealed record Member(string Name, double? Value, List<(string Name, double? Value)> Parameters)
    {
        /// <summary>The last of several with the same name counts.</summary>
        public double? Parameter(string name) => Parameters.FindLast(parameter => parameter.Name == name).Value;
    }

    /// <summary>Null when the text is not a structured list.</summary>
    public static List<Member>? Parse(string text)
    {
        var reader = new StructuredList(text.AsSpan().Trim(' '));
        var members = new List<Member>();
        while (reader.rest.Length > 0)
        {
            if (members.Count == MaxMembers || !reader.TryReadMember(out var member))
                return null;
            members.Add(member);

            reader.SkipSpace();
            if (reader.rest.Length == 0)
                return members;
            if (!reader.TrySkip(','))
                return null;
            reader.SkipSpace();
            if (reader.rest.Length == 0)
                return null; // nothing behind the comma
        }

        return members;
    }

    private bool TryReadMember(out Member member)
    {
        member = null!;
        if (!TryReadItem(out var name, out _))
            return false;

        double? value = null;
        if (TrySkip('=') && !TryReadItem(out _, out value))
            return false;

        var parameters = new List<(string, double?)>();
        while (TrySkip(';'))
        {
            SkipSpace();
            if (!TryReadToken(out var key))
                return false;
            double? number = null;
            if (TrySkip('=') && !TryReadItem(out _, out number))
                return false;
            parameters.Add((key, number));
        }

        member = new Member(name, value, parameters);
        return true;
    }

    private bool TryReadItem(out string text, out double? number)
    {
        (text, number) = ("", null);
        if (rest.Length == 0)
            return false;

        switch (rest[0])
        {
            case '"':
                return TryReadString(out text);
            case ':':
                return TrySkipBytes();
            case '?':
                var isBoolean = rest.Length > 1 && rest[1] is '0' or '1';
                rest = rest[(isBoolean ? 2 : 0)..];
                return isBoolean;
            case '-' or (>= '0' and <= '9'):
                return TryReadNumber(out number);
            default:
                return TryReadToken(out text);
        }
    }

    private bool TryReadString(out string text)
    {
        text = "";
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '\\')
                i++;
            else if (rest[i] == '"')
            {
                text = rest[1..i].ToString();
                rest = rest[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    private bool TrySkipBytes()
    {
        var end = rest[1..].IndexOf(':');
        if (end < 0)
            return false;
        rest = rest[(end + 2)..];
        return true;
    }

    private bool TryReadNumber(out double? number)
    {
        number = null;
        var end = rest[1..].IndexOfAnyExcept(NumberCharacters);
        var digits = end < 0 ? rest : rest[..(end + 1)];
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
            return false;
        number = value;
        rest = rest[digits.Length..];
        return true;
    }

    private bool TryReadToken(out string token)
    {
        var end = rest.IndexOfAnyExcept(TokenCharacters);
        token = (end < 0 ? rest : rest[..end]).ToString();
        rest = rest[token.Length..];
        return token.Length > 0;
    }

    private bool TrySkip(char character)
    {
        if (rest.Length == 0 || rest[0] != character)
            return false;
        rest = rest[1..];
        return true;
    }

    private void SkipSpace() => rest = rest.TrimStart(" \t");
}
