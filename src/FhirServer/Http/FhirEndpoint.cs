using HealthChain.Fhir;
using HealthChain.FhirServer.Access;
using HealthChain.FhirServer.Access.Log;
using HealthChain.FhirServer.Interactions;
using HealthChain.FhirServer.LargeData;
using HealthChain.FhirServer.Searching;
using HealthChain.FhirServer.Server;
using HealthChain.Storage.Blobs;

namespace HealthChain.FhirServer.Http;

/// <summary>
/// Turns requests of HTTP into <see cref="FhirRequest"/>s and <see cref="FhirResponse"/>s into responses; the only place that knows both.
/// </summary>
internal sealed class FhirEndpoint(
    FhirService service, Requesters requesters, BodyReader bodies, BlobStore blobs, AccessLog log, ServerOptions options)
{
    public const string Path = "/fhir";
    private const string Form = "application/x-www-form-urlencoded";

    private KnownBase? _lastBase;

    /// <summary>Answers a request below <see cref="Path"/>. Nothing leaves before it is on record.</summary>
    public async Task AnswerAsync(HttpContext context)
    {
        var access = AccessEntry.Of(context);
        Result<FhirRequest> head = await ReadHeadAsync(context, access);
        if (!head.IsOk)
        {
            await RefuseAsync(context, access, head.Error);
            return;
        }

        Result<FhirRequest> read = await ReadContentAsync(context, head.Value);
        if (!read.IsOk)
        {
            await RefuseAsync(context, head.Value, read.Error);
            return;
        }

        FhirRequest request = read.Value;
        ResponseForm? asked = Formats.Asked(context.Request.Headers.Accept, request.FormParameters);
        if (asked is null && request.Target.Type?.Name == "Binary")
        {
            // A Binary can be had in whatever type its content has; what is said about it comes as JSON.
            asked = ResponseForm.Default;
        }

        if (asked is not { } form)
        {
            await RefuseAsync(context, request, Outcomes.NotAcceptable);
            return;
        }

        Result<FhirResponse> response = await service.AnswerAsync(request, context.RequestAborted);
        if (response.IsOk)
        {
            if (PreferenceApplied(request) is { Length: > 0 } applied)
            {
                context.Response.Headers["Preference-Applied"] = applied;
            }

            await (BinaryContent.Find(request, response.Value, context.Request.Headers.Accept) is { } content
                ? content.WriteAsync(context, response.Value, blobs)
                : ResponseWriter.WriteAsync(context, response.Value, form, blobs));
            return;
        }

        if (response.Error.Kind == ErrorKind.MethodNotAllowed)
        {
            context.Response.Headers.Allow = Allowed(request.Target);
        }

        if (response.Error.Kind == ErrorKind.Forbidden && request.Requester.Rights is not null)
        {
            // https://www.rfc-editor.org/rfc/rfc6750#section-3.1
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"fhir\", error=\"insufficient_scope\"";
        }

        await Outcomes.WriteAsync(context, response.Error, form);
    }

    /// <summary>Refuses what could not be understood, or came from nobody known.</summary>
    private async Task RefuseAsync(HttpContext context, AccessEntry access, FhirError error)
    {
        // Who sends more than is allowed would fill the log as well.
        ValueTask<Result<long>> record = error.Kind == ErrorKind.Throttled
            ? ValueTask.FromResult<Result<long>>(0)
            : log.AppendAsync(Requesters.Anybody, access, $"{context.Request.Method} {context.Request.Path.Value}", error);
        Result<FhirResponse> answer = RecordedAnswer.Of(error, await record);
        await Outcomes.WriteAsync(context, answer.Error!);
    }

    private async Task RefuseAsync(HttpContext context, FhirRequest request, FhirError error)
    {
        Result<FhirResponse> answer = RecordedAnswer.Of(error, await log.AppendAsync(request, error));
        await Outcomes.WriteAsync(context, answer.Error!);
    }

    /// <summary>The request but for its content.</summary>
    private async ValueTask<Result<FhirRequest>> ReadHeadAsync(HttpContext context, AccessEntry access)
    {
        if (RequestTarget.Read(context.Request.Path.Value) is not { } target)
        {
            return context.Request.Method == "PUT" && RequestTarget.HasIllegalId(context.Request.Path.Value)
                ? FhirError.Of(ErrorKind.Invalid, IssueType.Value, "The url names an id that no resource can have: 1 to 64 letters, digits, '-' and '.'.")
                : FhirError.NotFound("There is nothing at this path. The FHIR base is /fhir; /fhir/metadata says what it offers.");
        }

        if (HttpVerbs.Read(context.Request.Method) is not { } verb)
        {
            context.Response.Headers.Allow = Allowed(target);
            return FhirError.Of(ErrorKind.MethodNotAllowed, IssueType.NotSupported, "FHIR has no use for this method.");
        }

        Result<Requester> requester = target.Kind == TargetKind.Capabilities ? Requesters.Anybody : await requesters.IdentifyAsync(context);
        if (!requester.IsOk)
        {
            return requester.Error;
        }

        (IReadOnlyList<QueryParameter> query, IReadOnlyList<QueryParameter> form) =
            Split(context.Request.QueryString.HasValue ? QueryText.Read(context.Request.QueryString.Value) : []);
        return new FhirRequest
        {
            Verb = verb,
            Target = target,
            Query = query,
            FormParameters = form,
            Conditions = RequestHeaders.ConditionsOf(context.Request.Headers),
            Prefer = RequestHeaders.PreferOf(context.Request.Headers),
            Requester = requester.Value,
            Access = access,
            BaseUrl = options.BaseUrl ?? BaseUrlOf(context.Request),
        };
    }

    /// <summary>The request with its content.</summary>
    private async ValueTask<Result<FhirRequest>> ReadContentAsync(HttpContext context, FhirRequest head)
    {
        FhirRequest request = head;
        if (head.Verb is HttpVerb.Post or HttpVerb.Put or HttpVerb.Patch)
        {
            Result<RequestBody> content;
            try
            {
                content = await bodies.ReadAsync(context, head.Verb, head.Target);
            }
            catch (Exception failure)
            {
                await log.AppendAsync(head, failure);
                throw;
            }

            if (!content.IsOk)
            {
                return content.Error;
            }

            request = WithContent(head, content.Value);
        }

        // https://www.rfc-editor.org/rfc/rfc7240#section-2 has servers pass over what they cannot do, unless the client would rather be refused.
        return request.Prefer is { AsksToBeAnsweredLater: true, Handling: SearchHandling.Strict }
            ? FhirError.Unsupported("This server answers at once; it has no asynchronous answers to this request, as respond-async asks for.")
            : request;
    }

    private static FhirRequest WithContent(FhirRequest head, RequestBody body)
    {
        if (IsSearch(head.Target.Kind) && head.Verb == HttpVerb.Post && (body.MediaType == Form || body.IsEmpty))
        {
            // https://hl7.org/fhir/R4/http.html#search: parameters may stand in the url and in the form.
            (IReadOnlyList<QueryParameter> query, IReadOnlyList<QueryParameter> form) = Split(QueryText.Read(System.Text.Encoding.UTF8.GetString(body.Bytes.Span)));
            return head with { Query = [.. head.Query, .. query], FormParameters = [.. head.FormParameters, .. form] };
        }

        return body.IsLargeContent && head.Prefer.Return == ReturnPreference.Unspecified
            ? head with { Body = body, Prefer = head.Prefer with { Return = ReturnPreference.Minimal } }
            : head with { Body = body };
    }

    /// <summary>
    /// The preferences that were followed: https://www.rfc-editor.org/rfc/rfc7240#section-3. What a write answers with is of no meaning
    /// to a read, and what happens to unknown parameters none to a write.
    /// </summary>
    private static string PreferenceApplied(FhirRequest request)
    {
        Preferences prefer = request.Prefer;
        if (prefer is { AskedReturn: null, AskedHandling: null })
        {
            return "";
        }

        bool isBundle = request.Target.Kind == TargetKind.System && request.Verb == HttpVerb.Post;
        bool writes = isBundle || (request.Target.Kind is TargetKind.Type or TargetKind.Instance && request.Verb is not (HttpVerb.Get or HttpVerb.Head));

        // Nothing is left of what was deleted.
        bool isReturnApplied = writes && !(request.Verb == HttpVerb.Delete && prefer.Return == ReturnPreference.Representation);
        bool isHandlingApplied = isBundle || (!writes && request.Target.Kind is not (TargetKind.Operation or TargetKind.Capabilities));
        return string.Join(", ", new[] { isReturnApplied ? prefer.AskedReturn : null, isHandlingApplied ? prefer.AskedHandling : null }.OfType<string>());
    }

    private string Allowed(RequestTarget target) => string.Join(", ", service.Allowed(target).Select(verb => verb.ToString().ToUpperInvariant()));

    private static bool IsSearch(TargetKind kind) => kind is TargetKind.SystemSearch or TargetKind.TypeSearch or TargetKind.CompartmentSearch;

    private static (IReadOnlyList<QueryParameter> Query, IReadOnlyList<QueryParameter> Form) Split(IReadOnlyList<QueryParameter> parameters) =>
        parameters.Any(parameter => Formats.IsForm(parameter.Name))
            ? ([.. parameters.Where(parameter => !Formats.IsForm(parameter.Name))], [.. parameters.Where(parameter => Formats.IsForm(parameter.Name))])
            : (parameters, []);

    /// <summary>Clients mostly use one name for the server, so the last url made is kept.</summary>
    private string BaseUrlOf(HttpRequest request)
    {
        KnownBase? last = _lastBase;
        string host = request.Host.Value ?? "";
        if (last is null || last.Host != host || last.Scheme != request.Scheme)
        {
            _lastBase = last = new KnownBase(request.Scheme, host, $"{request.Scheme}://{host}{Path}");
        }

        return last.Url;
    }

    private sealed record KnownBase(string Scheme, string Host, string Url);
}
