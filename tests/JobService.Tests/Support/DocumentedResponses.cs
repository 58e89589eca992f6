using System.Text.Json;

namespace JobService.Tests.Support;

/// <summary>Fails a test whose response is not one of the OpenAPI document: its status, content type, headers, problem or body.</summary>
internal sealed class DocumentedResponses(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (OpenApiDocument.Operations.FirstOrDefault(operation => operation.IsOf(request)) is not { } operation)
            return response;

        var faults = operation.Faults(response, await BodyAsync(operation, request, response, cancellationToken)).ToArray();
        if (faults.Length > 0)
            Assert.Fail($"{request.Method} {request.RequestUri!.PathAndQuery} → {(int)response.StatusCode}: {string.Join(", ", faults)}.");
        return response;
    }

    /// <summary>Streams are left to the test, which may read them for as long as it likes.</summary>
    private static async Task<JsonElement?> BodyAsync(DocumentedOperation operation, HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellation)
    {
        if (request.Method == HttpMethod.Head || (operation.IsVerbatim && response.IsSuccessStatusCode) || response.Content.Headers.ContentType?.MediaType is not ("application/json" or "application/problem+json"))
            return null;
        await response.Content.LoadIntoBufferAsync(cancellation);
        return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
    }
}
