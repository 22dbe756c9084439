using System.Collections.Frozen;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text;
using HealthChain.FhirServer.Http;
using HealthChain.FhirServer.Searching;
using HealthChain.Storage;

namespace HealthChain.FhirServer.Access.Log;

/// <summary>
/// Writes the bodies of the records of requests, as <see cref="AccessCodec"/> reads them, without an <see cref="AccessEvent"/> between: one for each read that a
/// server answers is many. What says who asks is written once for all requests of a token.
/// </summary>
/// <remarks>The content of a request is never in a body: only its path and its parameters, without values that look like credentials.</remarks>
internal sealed class AccessBodies(IndexHasher hasher)
{
    /// <summary>Parameters of OAuth and the like that have no business in a url of FHIR, but come there by mistake.</summary>
    private static readonly string[] Secrets =
        ["access_token", "refresh_token", "id_token", "token", "client_secret", "client_assertion", "secret", "password", "api_key", "apikey", "authorization", "code_verifier"];

    /// <summary>Parameters by which many are found: codes, states, dates of care, and how an answer is to look.</summary>
    private static readonly FrozenSet<string> Impersonal = FrozenSet.ToFrozenSet(
    [
        "_at", "_contained", "_containedType", "_count", "_elements", "_include", "_lastUpdated", "_profile", "_revinclude", "_security", "_since", "_sort", "_summary", "_tag", "_total", "_type",
        "active", "activity-code", "authored", "authored-on", "authoredon", "category", "class", "clinical-status", "code", "code-value-concept", "code-value-quantity", "combo-code",
        "component-code", "created", "criticality", "date", "effective", "effective-time", "gender", "intent", "issued", "lifecycle-status", "max", "onset-date", "period", "persist", "priority",
        "profile", "recorded-date", "service-category", "service-type", "severity", "specialty", "start", "status", "system", "type", "url", "vaccine-code", "value-concept", "value-quantity",
        "verification-status", "version", "whenhandedover", "whenprepared",
    ]);

    private const string Withheld = "***";

    private readonly ConditionalWeakTable<Requester, Asker> _askers = [];

    /// <param name="Who">The beginning of all bodies.</param>
    /// <param name="Patient">The patient who asks; 0 for others.</param>
    public sealed record Asker(byte[] Who, long Patient);

    public Asker AskerOf(Requester requester)
    {
        if (_askers.TryGetValue(requester, out Asker? known))
        {
            return known;
        }

        long patient = PatientIn(requester.FhirUser) is { } id ? PatientHash(id) : 0;
        var asker = new Asker(AccessCodec.WriteWho(requester), patient);
        _askers.AddOrUpdate(requester, asker);
        return asker;
    }

    /// <param name="isOfOnePatient">
    /// Whether it goes with that patient's secret when the patient is erased. What stays for ever does not tell by which name, number or address somebody was
    /// searched for.
    /// </param>
    public byte[] Write(FhirRequest request, in Ending ending, bool isOfOnePatient)
    {
        Span<byte> buffer = stackalloc byte[AccessCodec.MostBytes];
        var body = new AccessBody(buffer);
        body.Bytes(AskerOf(request.Requester).Who);
        body.Byte((byte)ActionOf(request.Target, request.Verb));
        body.Byte((byte)ending.Outcome);
        body.Number((uint)ending.Status);
        WriteTarget(ref body, request.Target);
        WriteQuery(ref body, request, isOfOnePatient);
        body.Text(DetailOf(request.Requester, ending, isOfOnePatient), AccessCodec.LongestDetail);
        WriteAddress(ref body, request.Access.Address);
        body.Text(request.Access.RequestId, AccessCodec.LongestName);
        return body.ToArray();
    }

    public static AccessAction ActionOf(in RequestTarget target, HttpVerb verb) => (target.Kind, verb) switch
    {
        (TargetKind.Instance, HttpVerb.Get or HttpVerb.Head) => AccessAction.Read,
        (TargetKind.Version, HttpVerb.Get or HttpVerb.Head) => AccessAction.VersionRead,
        (TargetKind.System or TargetKind.Type or TargetKind.Compartment, HttpVerb.Get or HttpVerb.Head) => AccessAction.Search,
        (TargetKind.SystemSearch or TargetKind.TypeSearch or TargetKind.CompartmentSearch, HttpVerb.Post) => AccessAction.Search,
        (TargetKind.SystemHistory or TargetKind.TypeHistory or TargetKind.InstanceHistory, HttpVerb.Get or HttpVerb.Head) => AccessAction.History,
        (TargetKind.System, HttpVerb.Post) => AccessAction.Transaction,
        (TargetKind.Type, HttpVerb.Post) => AccessAction.Create,
        (TargetKind.Type or TargetKind.Instance, HttpVerb.Put) => AccessAction.Update,
        (TargetKind.Type or TargetKind.Instance, HttpVerb.Patch) => AccessAction.Patch,
        (TargetKind.Type or TargetKind.Instance, HttpVerb.Delete) => AccessAction.Delete,
        (TargetKind.Operation, _) => target.Name switch
        {
            "break-glass" => AccessAction.BreakGlass,
            "export" => AccessAction.Export,
            "request-access" or "approve" or "reject" or "withdraw" or "revoke" or "sign" or "signature-request" or "register-wallet" => AccessAction.ConsentChanged,
            _ => AccessAction.Operation,
        },
        _ => AccessAction.Unknown,
    };

    /// <summary>A target as records name it: the resource, or the type, or nothing.</summary>
    public static string TargetOf(in RequestTarget target) =>
        target.Type is null ? ""
        : target.Id is null ? target.Type.Name
        : target.Version is null ? $"{target.Type.Name}/{target.Id}"
        : $"{target.Type.Name}/{target.Id}/_history/{target.Version}";

    /// <summary>The patients whom a request names: whose record they concern even when nothing was found, or nothing given.</summary>
    public void AddNamed(FhirRequest request, List<long> patients)
    {
        RequestTarget target = request.Target;
        if (target is { Type.Name: "Patient", Id: { } id })
        {
            Add(patients, PatientHash(id));
        }

        if (request.Access.Concerns is { } concerned)
        {
            Add(patients, hasher.Reference(concerned));
        }

        foreach (QueryParameter parameter in request.Query)
        {
            ReadOnlySpan<char> name = parameter.Name;
            bool isPatient = name is "patient" or "patient:Patient" || (name is "_id" && target.Type?.Name == "Patient");
            if (isPatient && RequestTarget.IsId(parameter.Value))
            {
                Add(patients, PatientHash(parameter.Value));
            }
            else if ((isPatient || name is "subject" or "subject:Patient") && PatientIn(parameter.Value) is { } named)
            {
                Add(patients, PatientHash(named));
            }
        }
    }

    private static void Add(List<long> patients, long patient)
    {
        if (!patients.Contains(patient))
        {
            patients.Add(patient);
        }
    }

    private static string? PatientIn(string? reference)
    {
        const string Start = "Patient/";
        return reference is not null && reference.StartsWith(Start, StringComparison.Ordinal) && RequestTarget.IsId(reference.AsSpan(Start.Length)) ? reference[Start.Length..] : null;
    }

    private long PatientHash(string id) => hasher.Reference(new ResourceKey("Patient", id));

    private static void WriteTarget(ref AccessBody body, in RequestTarget target)
    {
        // The parts are words of the specification and ids, in ASCII, and short.
        Span<byte> text = stackalloc byte[AccessCodec.LongestName];
        int length = 0;
        if (target.Type is { } type)
        {
            length = Encoding.UTF8.GetBytes(type.Name, text);
            if (target.Id is { } id)
            {
                text[length++] = (byte)'/';
                length += Encoding.UTF8.GetBytes(id, text[length..]);
                if (target.Version is { } version)
                {
                    "/_history/"u8.CopyTo(text[length..]);
                    length += "/_history/"u8.Length;
                    length += Encoding.UTF8.GetBytes(version, text[length..]);
                }
            }
        }

        body.Text(text[..length]);
    }

    private static void WriteQuery(ref AccessBody body, FhirRequest request, bool isOfOnePatient)
    {
        RequestTarget target = request.Target;
        bool hasName = target.Kind is TargetKind.Operation or TargetKind.Compartment or TargetKind.CompartmentSearch;
        string? condition = request.Conditions.IfNoneExist;
        if (!hasName && request.Query.Count == 0 && condition is null)
        {
            body.Byte(0);
            return;
        }

        var query = new QueryWriter(stackalloc byte[AccessCodec.LongestQuery]);
        if (hasName)
        {
            query.Raw(target.Kind == TargetKind.Operation ? "$" : "");
            query.Escaped(target.Name!);
        }

        // A conditional create is the only one whose criteria stand in a header.
        IReadOnlyList<QueryParameter> parameters = condition is null ? request.Query : [.. request.Query, .. QueryText.Read(condition)];
        for (int i = 0; i < parameters.Count; i++)
        {
            QueryParameter parameter = parameters[i];
            query.Raw(i > 0 ? "&" : hasName ? "?" : "");
            query.Escaped(parameter.Name);
            query.Raw("=");
            query.Escaped(IsSecret(parameter.Name) || !(isOfOnePatient || TellsNobody(parameter.Name)) ? Withheld : parameter.Value);
        }

        body.Text(query.End());
    }

    /// <summary>Why it was refused, and why the glass was broken: that may tell who the patient is.</summary>
    private static string? DetailOf(Requester requester, in Ending ending, bool isOfOnePatient) => requester.BreakGlass is not { } declared ? ending.Reason
        : $"{ending.Reason}{(ending.Reason is null ? "" : " ")}Break-glass: {(isOfOnePatient ? declared.Reason : Withheld)}";

    /// <summary>Whether values of the parameter, or of the one at the end of its chain, cannot tell who is meant.</summary>
    private static bool TellsNobody(string parameter)
    {
        ReadOnlySpan<char> code = parameter.AsSpan(parameter.LastIndexOf('.') + 1);
        int modifier = code.IndexOf(':');
        return Impersonal.GetAlternateLookup<ReadOnlySpan<char>>().Contains(modifier < 0 ? code : code[..modifier]);
    }

    private static bool IsSecret(string parameter) => Secrets.Contains(parameter, StringComparer.OrdinalIgnoreCase);

    private static void WriteAddress(ref AccessBody body, IPAddress? address)
    {
        if (address is null)
        {
            body.Byte(0);
            return;
        }

        Span<byte> text = stackalloc byte[64];
        _ = address.TryFormat(text, out int length);
        body.Text(text[..length]);
    }
}
