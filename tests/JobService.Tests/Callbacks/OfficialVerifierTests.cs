using JobService.Tests.Support;

namespace JobService.Tests.Callbacks;

/// <summary>What the service sends over real sockets, checked by somebody else's code.</summary>
public sealed class OfficialVerifierTests(WebhookVerifier verifier) : IClassFixture<WebhookVerifier>
{
    private const string Secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private const string OtherSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Fact]
    public async Task The_official_library_takes_what_is_sent_and_refuses_what_was_touched()
    {
        await using var receiver = new HookReceiver(WireReplies.Respond());
        await using var service = new ServiceFixture();
        using var response = await service.SubmitAsync(
            $$$"""{"payload": {"grüße": "日本 \\ \u0007 </script>"}, "tags": {"a": "ü"}, "callback": {"url": "{{{receiver.Url}}}", "secret": "{{{Secret}}}"}}""");

        var request = await receiver.NextAsync();

        Assert.Equal("ok job.succeeded", await verifier.VerifyAsync(Secret, request));
        Assert.StartsWith("refused WebhookVerificationError", await verifier.VerifyAsync(Secret, request, request.Text.Replace("succeeded", "failed", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.StartsWith("refused WebhookVerificationError", await verifier.VerifyAsync(Secret, request, request.Text + " "), StringComparison.Ordinal);
        Assert.StartsWith("refused WebhookVerificationError", await verifier.VerifyAsync(OtherSecret, request), StringComparison.Ordinal);
    }
}
