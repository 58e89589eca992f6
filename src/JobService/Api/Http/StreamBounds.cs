using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace JobService.Api.Http;

/// <summary>Uploads and streams may take any time: lifts the server's limits against slow and large bodies for them.</summary>
internal static class StreamBounds
{
    /// <summary>No minimum rate and no maximum size: the reader of the body has its own limits.</summary>
    public static void LiftForUpload(HttpContext http)
    {
        LiftSize(http);
        http.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
    }

    /// <summary>No maximum size: the reader of the body has its own. The minimum rate stays.</summary>
    public static void LiftSize(HttpContext http) => http.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = null;

    /// <summary>A minimum rate above the server's 240 bytes per second: a few clients that hardly read could take the memory for pages from all others.</summary>
    public static void AskForPace(HttpContext http) => http.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = new MinDataRate(bytesPerSecond: 8 * 1024, gracePeriod: TimeSpan.FromSeconds(10));

    /// <summary>No minimum rate: a slow client holds one page of results and blocks nobody.</summary>
    public static void LiftForStream(HttpContext http) => http.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
}
