using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>What an error answer says. Nothing in it names a destination, a slot or an exception: it goes to strangers.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">For people.</param>
/// <param name="IsMaintenance">Whether the service is closed by an operator.</param>
/// <param name="Preview">Why a preview is refused; null for everything else.</param>
internal sealed record ErrorDetails(int Status, string Detail, bool IsMaintenance = false, string? Preview = null)
{
    /// <summary>The status in words, as RFC 9457 wants it for problems without a type of their own.</summary>
    public string Title
    {
        get
        {
            var phrase = ReasonPhrases.GetReasonPhrase(Status);
            return phrase.Length > 0 ? phrase : "Error";
        }
    }

    /// <summary>What a client can know of a status where nothing more is known.</summary>
    public static ErrorDetails Of(int status) => new(status, status switch
    {
        StatusCodes.Status400BadRequest => "The request can't be read to its end.",
        StatusCodes.Status404NotFound => "There is nothing at this address.",
        StatusCodes.Status405MethodNotAllowed => "The method is not allowed at this address.",
        StatusCodes.Status408RequestTimeout => "The request did not arrive in time.",
        StatusCodes.Status413PayloadTooLarge => "The body of the request is larger than is allowed at this address.",
        StatusCodes.Status429TooManyRequests => "There were too many requests. Try again later.",
        StatusCodes.Status502BadGateway => "The service did not give an answer that can be passed on. Try again later.",
        StatusCodes.Status503ServiceUnavailable => "The service is not available at the moment. Try again later.",
        StatusCodes.Status504GatewayTimeout => "The service did not answer in time. Try again later.",
        _ => "The request could not be answered.",
    });
}
