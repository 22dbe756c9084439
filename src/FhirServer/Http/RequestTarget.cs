using HealthChain.Fhir.Schema;

namespace HealthChain.FhirServer.Http;

/// <summary>The forms of a path below the FHIR base: https://hl7.org/fhir/R4/http.html#summary</summary>
internal enum TargetKind
{
    /// <summary><c>metadata</c></summary>
    Capabilities,

    /// <summary>The base itself.</summary>
    System,

    /// <summary><c>_history</c></summary>
    SystemHistory,

    /// <summary><c>_search</c></summary>
    SystemSearch,

    /// <summary><c>Type</c></summary>
    Type,

    /// <summary><c>Type/_history</c></summary>
    TypeHistory,

    /// <summary><c>Type/_search</c></summary>
    TypeSearch,

    /// <summary><c>Type/id</c></summary>
    Instance,

    /// <summary><c>Type/id/_history</c></summary>
    InstanceHistory,

    /// <summary><c>Type/id/_history/version</c></summary>
    Version,

    /// <summary><c>Type/id/Name</c>, where the name is a resource type or <c>*</c></summary>
    Compartment,

    /// <summary><c>Type/id/Name/_search</c></summary>
    CompartmentSearch,

    /// <summary><c>$Name</c>, on the system, a type, an instance or a version: whatever stands before it.</summary>
    Operation,
}

/// <summary>What a request speaks of, read from its path.</summary>
/// <param name="Name">The operation without its dollar sign, or the type that is searched in a compartment.</param>
internal readonly record struct RequestTarget(TargetKind Kind, TypeSchema? Type = null, string? Id = null, string? Version = null, string? Name = null)
{
    private const int MaxIdLength = 64;

    /// <summary>Reads a path relative to the base, percent-encoding resolved; null when there is nothing at such a path.</summary>
    public static RequestTarget? Read(ReadOnlySpan<char> path)
    {
        path = path.Trim('/');
        if (path.IsEmpty)
        {
            return new RequestTarget(TargetKind.System);
        }

        Span<Range> ranges = stackalloc Range[6];
        int count = path.Split(ranges, '/');
        if (count == ranges.Length)
        {
            return null;
        }

        ReadOnlySpan<char> first = path[ranges[0]];
        if (count == 1 && OfSystem(first) is { } system)
        {
            return system;
        }

        if (ResourceType(first) is not { } type)
        {
            return null;
        }

        return count == 1 ? new RequestTarget(TargetKind.Type, type) : OfType(type, path, ranges[1..count]);
    }

    private static RequestTarget? OfSystem(ReadOnlySpan<char> name) => name switch
    {
        "metadata" => new RequestTarget(TargetKind.Capabilities),
        "_history" => new RequestTarget(TargetKind.SystemHistory),
        "_search" => new RequestTarget(TargetKind.SystemSearch),
        ['$', _, ..] => new RequestTarget(TargetKind.Operation, Name: name[1..].ToString()),
        _ => null,
    };

    private static RequestTarget? OfType(TypeSchema type, ReadOnlySpan<char> path, ReadOnlySpan<Range> rest)
    {
        ReadOnlySpan<char> second = path[rest[0]];
        if (rest.Length == 1)
        {
            return second switch
            {
                "_history" => new RequestTarget(TargetKind.TypeHistory, type),
                "_search" => new RequestTarget(TargetKind.TypeSearch, type),
                ['$', _, ..] => new RequestTarget(TargetKind.Operation, type, Name: second[1..].ToString()),
                _ => IsId(second) ? new RequestTarget(TargetKind.Instance, type, second.ToString()) : null,
            };
        }

        return IsId(second) ? OfInstance(type, second.ToString(), path, rest[1..]) : null;
    }

    private static RequestTarget? OfInstance(TypeSchema type, string id, ReadOnlySpan<char> path, ReadOnlySpan<Range> rest)
    {
        ReadOnlySpan<char> third = path[rest[0]];
        switch (rest.Length)
        {
            case 1 when third is "_history":
                return new RequestTarget(TargetKind.InstanceHistory, type, id);
            case 1 when third is ['$', _, ..]:
                return new RequestTarget(TargetKind.Operation, type, id, Name: third[1..].ToString());
            case 1 when third is "*" || ResourceType(third) is not null:
                return new RequestTarget(TargetKind.Compartment, type, id, Name: third.ToString());
            case 2 when third is "_history" && IsId(path[rest[1]]):
                return new RequestTarget(TargetKind.Version, type, id, path[rest[1]].ToString());
            case 2 when path[rest[1]] is "_search" && (third is "*" || ResourceType(third) is not null):
                return new RequestTarget(TargetKind.CompartmentSearch, type, id, Name: third.ToString());
            case 3 when third is "_history" && IsId(path[rest[1]]) && path[rest[2]] is ['$', _, ..]:
                return new RequestTarget(TargetKind.Operation, type, id, path[rest[1]].ToString(), path[rest[2]][1..].ToString());
            default:
                return null;
        }
    }

    /// <summary>Whether a path would name a resource if its id were one.</summary>
    public static bool HasIllegalId(ReadOnlySpan<char> path)
    {
        path = path.Trim('/');
        int slash = path.IndexOf('/');
        return slash > 0 && ResourceType(path[..slash]) is not null && !path[(slash + 1)..].ContainsAny('/', '$') && path[slash + 1] != '_' && !IsId(path[(slash + 1)..]);
    }

    /// <summary>https://hl7.org/fhir/R4/datatypes.html#id; not what clients of the web take for a step within the path.</summary>
    public static bool IsId(ReadOnlySpan<char> text) =>
        text.Length is > 0 and <= MaxIdLength && !text.ContainsAnyExcept(IdLetters) && text is not ("." or "..");

    private static readonly System.Buffers.SearchValues<char> IdLetters =
        System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.");

    /// <summary>A type whose instances can be stored and served by themselves.</summary>
    private static TypeSchema? ResourceType(ReadOnlySpan<char> name) => Searching.ResourceTypes.Find(name);
}
