using JobService.Api;

namespace JobService.Tests.Hosting;

public sealed class LogTests
{
    [Fact]
    public void Control_characters_are_escaped() => Assert.Equal("a\\u000d\\u000ab\\u001b[31mü", ControlCharacters.Escape("a\r\nb\u001b[31mü"));
}
