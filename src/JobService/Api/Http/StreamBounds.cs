using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace JobService.Api.Http;

/// <summary>Uploads and streams take as long as they take: the server's bounds against slow and large bodies do not hold for them.</summary>
internal static class StreamBounds
{
    /// <summary>No least pace and no largest size: who reads the body has bounds of its own.</summary>
    public static void LiftForUpload(HttpContext http)
    {
        LiftSize(http);
        http.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
    }

    /// <summary>No largest size: who reads the body has one of its own. The least pace stays.</summary>
    public static void LiftSize(HttpContext http) => http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = null;

    /// <summary>A least pace above the server's 240 bytes a second: a few clients that hardly read would keep the room for pages from all others.</summary>
    public static void AskForPace(HttpContext http) => http.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = new MinDataRate(bytesPerSecond: 8 * 1024, gracePeriod: TimeSpan.FromSeconds(10));

    /// <summary>No least pace: who reads slowly holds a page of results, and holds up nobody.</summary>
    public static void LiftForStream(HttpContext http) => http.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
}
