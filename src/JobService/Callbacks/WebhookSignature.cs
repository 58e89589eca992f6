using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace JobService.Callbacks;

/// <summary>Standard Webhooks 1.0 (https://www.standardwebhooks.com): HMAC-SHA256 over <c>id.timestamp.body</c>.</summary>
internal static class WebhookSignature
{
    /// <param name="key">The bytes of the secret.</param>
    /// <param name="id">The header <c>webhook-id</c>.</param>
    /// <param name="timestamp">The header <c>webhook-timestamp</c>: seconds since 1970.</param>
    /// <param name="body">The bytes as they are sent.</param>
    /// <returns>The header <c>webhook-signature</c>.</returns>
    public static string Of(byte[] key, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        var signed = new ArrayBufferWriter<byte>(body.Length + 64);
        Encoding.UTF8.GetBytes($"{id}.{timestamp}.", signed);
        signed.Write(body);
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed.WrittenSpan));
    }
}
