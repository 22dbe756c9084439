using System.Text.Json;
using System.Text.Json.Serialization;
using HealthChain.FhirServer.Http;
using HealthChain.Smart;

namespace HealthChain.FhirServer.Organisations.Bootstrap;

/// <summary>Organisations, users and clients that the operator registers by a file (docs/operations.md). Read and checked as a whole.</summary>
internal sealed record PreRegistrationFile
{
    private const int MaxBytes = 16 << 20;

    // What the file leaves out comes as null.
    public IReadOnlyList<RegisteredOrganisation> Organisations { get; init => field = value ?? []; } = [];

    public IReadOnlyList<RegisteredUser> Users { get; init => field = value ?? []; } = [];

    /// <summary>Each a registration after RFC 7591, with a few members more: <see cref="RegisteredClient"/>.</summary>
    public IReadOnlyList<JsonElement> Clients { get; init => field = value ?? []; } = [];

    /// <summary>The file, or a line for the operator for each thing that is wrong with it.</summary>
    public static (PreRegistrationFile? File, IReadOnlyList<string> Problems) Read(string path)
    {
        try
        {
            return new FileInfo(path).Length > MaxBytes
                ? (null, [$"it is longer than {MaxBytes >> 20} MB"])
                : Read(File.ReadAllBytes(path));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            return (null, [unreadable.Message]);
        }
    }

    public static (PreRegistrationFile? File, IReadOnlyList<string> Problems) Read(ReadOnlySpan<byte> json)
    {
        PreRegistrationFile? file;
        try
        {
            file = JsonSerializer.Deserialize(json, PreRegistrationJson.Default.PreRegistrationFile);
        }
        catch (JsonException unreadable)
        {
            return (null, [$"{unreadable.Path ?? "$"}, line {unreadable.LineNumber + 1}: it is no JSON of the form that docs/operations.md shows, or has a member that is unknown, missing or of another type"]);
        }

        if (file is null)
        {
            return (null, ["it holds nothing"]);
        }

        string[] problems = [.. file.FindProblems()];
        return (problems.Length == 0 ? file : null, problems);
    }

    private IEnumerable<string> FindProblems()
    {
        for (int i = 0; i < Organisations.Count; i++)
        {
            foreach (string problem in Organisations[i].FindProblems())
            {
                yield return $"organisations[{i}].{problem}";
            }
        }

        for (int i = 0; i < Users.Count; i++)
        {
            foreach (string problem in Users[i].FindProblems())
            {
                yield return $"users[{i}].{problem}";
            }
        }

        for (int i = 0; i < Clients.Count; i++)
        {
            if (RegisteredClient.Read(Clients[i]) is { IsOk: false } refused)
            {
                yield return $"clients[{i}]: {refused.Error.Reason}";
            }
        }

        foreach (string twice in Twice(Organisations.Select(one => one.Id)))
        {
            yield return $"organisations: there are two with the id {twice}";
        }

        foreach (string twice in Twice(Users.Select(one => one.Name.ToUpperInvariant())))
        {
            yield return $"users: there are two with the name {twice}";
        }

        // Who logs in elsewhere must be one of them.
        foreach (string twice in Twice(Users.Where(user => user.ExternalSubject is not null).Select(user => $"{user.ExternalSubject} at {user.ExternalIssuer}")))
        {
            yield return $"users: there are two with the externalSubject {twice}";
        }

        foreach (string twice in Twice(Clients.Select(RegisteredClient.IdOf).OfType<string>()))
        {
            yield return $"clients: there are two with the client_id {twice}";
        }
    }

    private static IEnumerable<string> Twice(IEnumerable<string> names) => names.GroupBy(name => name, StringComparer.Ordinal).Where(same => same.Count() > 1).Select(same => same.Key);
}

/// <summary>An organisation of the file.</summary>
internal sealed record RegisteredOrganisation
{
    // The verification gets an id with a word before it, which must still be one.
    private const int MaxId = 50;

    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>A code of https://hl7.org/fhir/R4/valueset-organization-type.html such as <c>prov</c> or <c>ins</c>.</summary>
    public string? Type { get; init; }

    /// <summary>The organisation above it, such as <c>Organization/hospital</c>.</summary>
    public string? PartOf { get; init; }

    /// <summary>Null for one that is not verified by the file.</summary>
    public RegisteredVerification? Verified { get; init; }

    public IEnumerable<string> FindProblems()
    {
        if (Id.Length > MaxId || !RequestTarget.IsId(Id))
        {
            yield return $"id: it is 1 to {MaxId} letters, digits, dots and dashes";
        }

        if (string.IsNullOrWhiteSpace(Name))
        {
            yield return "name: it is empty";
        }

        if (Type is not (null or "prov" or "dept" or "team" or "govt" or "ins" or "pay" or "edu" or "reli" or "crs" or "cg" or "bus" or "other"))
        {
            yield return "type: it is a code of R4's organization-type, such as prov, dept or ins";
        }

        if (PartOf is not null && !References.IsTo(PartOf, Organisation.Type))
        {
            yield return "partOf: it is a reference such as Organization/hospital";
        }

        if (Verified is { Since: { } since, Until: { } until } && until < since)
        {
            yield return "verified.until: it is before verified.since";
        }
    }
}

/// <summary>Who verified an organisation, and for how long.</summary>
internal sealed record RegisteredVerification
{
    /// <summary>Null for the day on which the file is applied.</summary>
    public DateOnly? Since { get; init; }

    /// <summary>The last day; null for until somebody says otherwise.</summary>
    public DateOnly? Until { get; init; }

    /// <summary>Who verified it, in words.</summary>
    public string? By { get; init; }
}

/// <summary>Somebody of the file who can log in.</summary>
internal sealed record RegisteredUser
{
    public required string Name { get; init; }

    public required Role Role { get; init; }

    public string? DisplayName { get; init; }

    /// <summary>Who it is in the record, such as <c>Patient/12</c>.</summary>
    public string? FhirUser { get; init; }

    /// <summary>For whom the person works, such as <c>Organization/hospital</c>.</summary>
    public string? Organisation { get; init; }

    /// <summary>Whether a practitioner may break the glass, for a patient's safety.</summary>
    public bool MayBreakGlass { get; init; }

    /// <summary>As <c>healthchain accounts hash</c> makes it.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>A password that must be changed at the first login.</summary>
    public string? OneTimePassword { get; init; }

    /// <summary>The OpenID provider at which the user logs in instead of here, and what the user is called there.</summary>
    public string? ExternalIssuer { get; init; }

    public string? ExternalSubject { get; init; }

    public IEnumerable<string> FindProblems(bool needsPassword = true)
    {
        if (string.IsNullOrWhiteSpace(Name) || Name.Length > 128 || Name.Any(char.IsControl))
        {
            yield return "name: it has 1 to 128 characters";
        }

        if (!Enum.IsDefined(Role) || Role == Role.Backend)
        {
            yield return "role: a backend is a client, not a user";
        }

        string[] types = TypesOf(Role);
        if (FhirUser is null ? Role is Role.Patient or Role.RelatedPerson or Role.Practitioner : !types.Any(type => References.IsTo(FhirUser, type)))
        {
            yield return $"fhirUser: for this role it is a reference such as {types[0]}/7";
        }

        if (Organisation is null ? Role is Role.Practitioner or Role.Insurer : !References.IsTo(Organisation, Organisations.Organisation.Type))
        {
            yield return "organisation: for this role it is a reference such as Organization/hospital";
        }

        if (MayBreakGlass && Role != Role.Practitioner)
        {
            yield return "mayBreakGlass: only a practitioner may";
        }

        if (ExternalIssuer is null != ExternalSubject is null)
        {
            yield return "externalIssuer, externalSubject: they go together";
        }

        int passwords = (PasswordHash is null ? 0 : 1) + (OneTimePassword is null ? 0 : 1);
        if (passwords > 1 || (needsPassword && passwords == 0 && ExternalSubject is null))
        {
            yield return "passwordHash, oneTimePassword: one of them is needed";
        }

        if (PasswordHash is not null && !Smart.Accounts.AccountBook.IsPasswordHash(PasswordHash))
        {
            yield return "passwordHash: it is not as 'healthchain accounts hash' makes it";
        }
    }

    private static string[] TypesOf(Role role) => role switch
    {
        Role.Patient => ["Patient"],
        Role.RelatedPerson => ["RelatedPerson"],
        Role.Practitioner => ["Practitioner", "PractitionerRole"],
        _ => ["Practitioner", "PractitionerRole", "Person", "Organization"],
    };
}

internal static class References
{
    /// <summary>Whether it is <c>Type/id</c> of that type.</summary>
    public static bool IsTo(string reference, string type) =>
        reference.Length > type.Length + 1 && reference.StartsWith(type, StringComparison.Ordinal) && reference[type.Length] == '/' && RequestTarget.IsId(reference.AsSpan(type.Length + 1));
}

[JsonSerializable(typeof(PreRegistrationFile))]
[JsonSerializable(typeof(RegisteredUser))]
[JsonSerializable(typeof(RegisteredOrganisation))]
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(RoleConverter)])]
internal sealed partial class PreRegistrationJson : JsonSerializerContext;

/// <summary>Roles as settings name them: <c>related-person</c>.</summary>
internal sealed class RoleConverter() : JsonStringEnumConverter<Role>(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false);
