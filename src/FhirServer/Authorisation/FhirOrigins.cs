using HealthChain.Smart.Http;

namespace HealthChain.FhirServer.Authorisation;

/// <summary>Which pages may call the FHIR server from a browser: those of registered apps, and anybody's to learn what the server can do.</summary>
internal static class FhirOrigins
{
    private const string Capabilities = "/metadata";

    /// <summary>Middleware below the FHIR base.</summary>
    public static Func<HttpContext, RequestDelegate, Task> For(BrowserOrigins origins) => (context, next) =>
    {
        bool isAnswered = context.Request.Path == Capabilities ? BrowserOrigins.AdmitAll(context) : origins.Admit(context);
        return isAnswered ? Task.CompletedTask : next(context);
    };
}
