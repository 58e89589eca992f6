using System.Security.Authentication;

namespace JobService.Upstream;

/// <summary>Why a message failed, in the words of the most specific exception.</summary>
internal static class TransportFault
{
    /// <summary>The message of SslStream when the first bytes are not TLS, such as those of an HTTP response. There is no error code for it.</summary>
    private const string NoTls = "Cannot determine the frame size";

    /// <param name="error">The exception of the HTTP stack.</param>
    /// <param name="certificateWanted">The server has asked for a client certificate.</param>
    public static string Detail(Exception error, bool certificateWanted = false)
    {
        var detail = ReasonOf(error);
        return certificateWanted && !IsOfConnecting(error)
            ? $"{detail} The server has asked for a client certificate, and the service sends none: that may be why."
            : detail;
    }

    /// <summary>True when there was no connection on which the request could have been sent.</summary>
    public static bool IsBeforeTheSend(Exception error) => IsOfConnecting(error)
        || error is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }
        or OperationCanceledException { InnerException: TimeoutException }; // the handler's timeout for connecting

    // The outer exceptions say only that a request failed; but for a connection they name the address.
    private static string ReasonOf(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException { InnerException: null } && cause.Message.StartsWith(NoTls, StringComparison.Ordinal))
                return "The server does not speak TLS at this port. If it is to be called without TLS, its address must begin with http://.";
            if (cause is AuthenticationException or AddressBlockedException)
                return cause.InnerException is { } deeper && cause is AuthenticationException ? $"{cause.Message} {deeper.GetBaseException().Message}" : cause.Message;
        }

        return IsOfConnecting(error) ? error.Message : error.GetBaseException().Message;
    }

    private static bool IsOfConnecting(Exception error) => error is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError,
    };
}
