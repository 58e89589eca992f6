using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using JobService.Api.Contracts;

namespace JobService.Api;

/// <summary>A response in JSON, written in one piece with its length. It ends with a line break, so that a shell prompt starts on its own line.</summary>
internal class JsonResponse<T>(int status, T value, string contentType = "application/json") : IResult
{
    /// <summary>Bytes of a response that are copied to have the line break with them; of more, a client that reads slowly would hold each copy.</summary>
    private const int MaxInOnePiece = 16 * 1024;

    private static readonly byte[] LineBreak = "\n"u8.ToArray();

    private static readonly JsonTypeInfo<T> Info = ApiJson.Of<T>();

    public int Status => status;

    public T Value => value;

    public virtual Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext.Response, Bytes(httpContext.Request));

    protected byte[] Bytes(HttpRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(request.PathBase.HasValue && value is ILinked<T> linked ? linked.Under(request.PathBase.ToUriComponent()) : value, Info);

    protected Task WriteAsync(HttpResponse response, byte[] bytes)
    {
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = bytes.Length + 1;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-cache";
        if (bytes.Length > MaxInOnePiece)
        {
            response.BodyWriter.Write(bytes);
            return response.BodyWriter.WriteAsync(LineBreak).AsTask();
        }

        // One write: what is written before the headers is first buffered in rented memory.
        var line = new byte[bytes.Length + 1];
        bytes.CopyTo(line, 0);
        line[^1] = (byte)'\n';
        return response.BodyWriter.WriteAsync(line).AsTask();
    }
}
