using JobService.Api.Http;

namespace JobService.Tests.Api;

public sealed class IdempotencyHeaderTests
{
    [Theory]
    [InlineData("abc", "abc")]
    [InlineData("\"abc\"", "abc")]
    [InlineData(" a b ", "a b")]
    [InlineData("\" a \"", " a ")]
    [InlineData("\"a\\\"b\\\\c\"", "a\"b\\c")]
    [InlineData("8e03978e-40d5-43e8-bc93-6894a57f9324", "8e03978e-40d5-43e8-bc93-6894a57f9324")]
    public void Bare_and_quoted_keys_are_the_same(string header, string key) => Assert.Equal((key, null), IdempotencyHeader.Read(header));

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("\"\"")]
    [InlineData("\"")]
    [InlineData("\"abc")]
    [InlineData("\"a\"b\"")]
    [InlineData("\"a\\b\"")]
    [InlineData("\"a\\\"")]
    [InlineData("ä")]
    [InlineData("a\tb")]
    public void What_is_no_key_is_a_fault(string header)
    {
        var (key, fault) = IdempotencyHeader.Read(header);

        Assert.Null(key);
        Assert.NotNull(fault);
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void A_key_has_at_most_255_characters(int length, bool fits) => Assert.Equal(fits, IdempotencyHeader.Read(new string('k', length)).Key is not null);

    [Fact]
    public void No_header_is_neither_key_nor_fault() => Assert.Equal((null, null), IdempotencyHeader.Read(default));

    [Fact]
    public void Two_headers_are_a_fault() => Assert.NotNull(IdempotencyHeader.Read(new(["a", "a"])).Fault);
}
