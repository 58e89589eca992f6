using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>Where the next page of a list begins. Opaque to clients: the last job's id and a checksum of two bytes that detects a damaged cursor.</summary>
internal static class Cursor
{
    private const int CheckBytes = 2;

    public static string Of(JobId last)
    {
        Span<byte> bytes = stackalloc byte[JobId.ByteCount + CheckBytes];
        last.WriteTo(bytes);
        Check(bytes[..JobId.ByteCount], bytes[JobId.ByteCount..]);
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryParse(string text, out JobId last)
    {
        last = default;
        Span<byte> bytes = stackalloc byte[JobId.ByteCount + CheckBytes];
        if (text.Length != Base64Url.GetEncodedLength(bytes.Length)
            // The Try method throws on input that is not base64 at all.
            || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done || written != bytes.Length)
        {
            return false;
        }

        Span<byte> check = stackalloc byte[CheckBytes];
        Check(bytes[..JobId.ByteCount], check);
        last = JobId.FromBytes(bytes[..JobId.ByteCount]);
        return check.SequenceEqual(bytes[JobId.ByteCount..]);
    }

    private static void Check(ReadOnlySpan<byte> id, Span<byte> check)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(id, hash);
        hash[..CheckBytes].CopyTo(check);
    }
}
